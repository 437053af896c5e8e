"""Operations: what the doctor, the metrics and the ledger checks know about jobs."""
