"""The engine: drives jobs at their providers, many at once in each worker process."""
