"""The engine: drives many jobs at once in each worker process."""
