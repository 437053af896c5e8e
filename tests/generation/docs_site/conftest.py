"""What the tests of the documentation share with those of what it documents."""

from tests.generation.conftest import quick, slices

__all__ = ["quick", "slices"]
