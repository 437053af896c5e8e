"""A pytest plugin that gives each run a throw-away PostgreSQL and a data folder of its own.

Loaded with `-p tests.postgres` (see pyproject.toml), because settings are read before any
conftest. With DATABASE_URL set the tests run on that server instead, in its `test_…` databases.
"""

import os
import re
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from vidgo import embedded
from vidgo.processes import Family

_family = pytest.StashKey[Family]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Prepare the environment before pytest-django, also in this hook, reads the settings."""
    # A worker of xdist inherits all this from the process that started it.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        family = early_config.stash[_family] = Family()
        data = Path(tempfile.mkdtemp(prefix="vidgo-tests-")).resolve()
        family.remove_afterwards(folder=data)
        url = os.environ.get("DATABASE_URL") or embedded.throwaway(family=family).url
        # Whatever the developer's own copy is told must not change what the tests see.
        example = (Path(__file__).parent.parent / ".env.example").read_text()
        for name in re.findall(r"^#?\s*([A-Z][A-Z0-9_]*)=", example, flags=re.MULTILINE):
            os.environ.pop(name, None)
        os.environ.update(DATABASE_URL=url, VIDGO_DATA=str(data), VIDGO_ENVIRONMENT="development")
        # Only the tests of the limits mean to reach them.
        for limited in ("KEY", "ORGANIZATION", "UPLOADS", "BAD_KEYS"):
            os.environ[f"RATE_LIMIT_{limited}_PER_MINUTE"] = "1000000"
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server and remove the folders; the guardian does it for a run that was killed."""
    if family := config.stash.get(_family, None):
        family.close()
