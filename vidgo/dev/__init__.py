"""Development: what `make run` starts on one machine, with a PostgreSQL of its own."""
