"""Operations: logs, metrics, readiness, doctor, error reports, failpoints, system checks."""
