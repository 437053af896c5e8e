"""Operations: logs, metrics, readiness, the doctor, error reports, failpoints, system checks."""
