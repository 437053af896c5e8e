"""Operations: doctor checks, metrics and system checks about money."""
