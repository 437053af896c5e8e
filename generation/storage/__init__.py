"""Files: where they are stored, and for how long."""
