"""Files: where their bytes lie, and what is kept for how long."""
