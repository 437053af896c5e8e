"""What the tests of the documentation share with those of what it documents."""

from tests.generation.conftest import quick, work_cycles

__all__ = ["quick", "work_cycles"]
