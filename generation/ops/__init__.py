"""Operations: doctor checks, metrics and ledger rules about jobs."""
