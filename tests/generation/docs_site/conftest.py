"""Fixtures shared with the other tests of `generation`."""

from tests.generation.conftest import quick, slices

__all__ = ["quick", "slices"]
