"""Chaos: a whole fleet under fire, and then checks of every row. `make chaos [SEED=] [JOBS=]`."""
