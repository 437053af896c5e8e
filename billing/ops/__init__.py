"""Operations: what the doctor, the metrics and the system checks know about money."""
