"""Chaos: a whole fleet under fire, and the auditor afterwards. `make chaos [SEED=] [JOBS=]`."""
