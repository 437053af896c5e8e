"""Fixtures shared with the other tests of `generation`."""

from tests.generation.conftest import quick, work_cycles

__all__ = ["quick", "work_cycles"]
