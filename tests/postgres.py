"""A pytest plugin that gives each run a throw-away PostgreSQL and a data folder of its own.

Loaded with `-p tests.postgres` (see pyproject.toml), because settings are read before any
conftest. With DATABASE_URL set the tests run on that server instead, in its `test_…` databases.

On the throw-away server the workers of a run share what takes longest, the migrations: the first
of them migrates a template, and each of them copies it.
"""

import fcntl
import gc
import os
import re
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup

_processes = pytest.StashKey[ProcessGroup]()
# Names the server's template to the workers; without it each of them migrates for itself.
TEMPLATE = "VIDGO_TESTS_TEMPLATE"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Prepare the environment before pytest-django, also in this hook, reads the settings."""
    # Importing and collecting allocate much and free little; collection took a seventh of the time.
    gc.disable()
    # A worker of xdist inherits all this from the process that started it.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        processes = early_config.stash[_processes] = ProcessGroup()
        data = Path(tempfile.mkdtemp(prefix="vidgo-tests-")).resolve()
        processes.remove_afterwards(folder=data)
        url = os.environ.get("DATABASE_URL")
        os.environ.pop(TEMPLATE, None)
        if not url:
            url = embedded_postgres.throwaway(processes=processes).url
            os.environ[TEMPLATE] = "test_template"
        # The developer's own settings must not change what the tests see.
        example = (Path(__file__).parent.parent / ".env.example").read_text()
        for name in re.findall(r"^#?\s*([A-Z][A-Z0-9_]*)=", example, flags=re.MULTILINE):
            os.environ.pop(name, None)
        os.environ.update(DATABASE_URL=url, VIDGO_DATA=str(data), VIDGO_ENVIRONMENT="development")
        # Only the tests of rate limits should reach them.
        for limited in ("KEY", "ORGANIZATION", "UPLOADS", "BAD_KEYS"):
            os.environ[f"RATE_LIMIT_{limited}_PER_MINUTE"] = "1000000"
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude everything imported and collected from garbage collection."""
    gc.collect()
    gc.freeze()
    gc.enable()


def prepare_template() -> str:
    """Return the database that this run's databases are copied from; the first caller makes it.

    Returns an empty name where each worker has to migrate for itself: on a server that was given,
    and where one process runs all tests. Needs access to the database.
    """
    from django.db import connection

    name = os.environ.get(TEMPLATE, "")
    if not name or "PYTEST_XDIST_WORKER" not in os.environ:
        return ""
    given = connection.settings_dict
    before = given["NAME"], given["TEST"]["NAME"]
    with (Path(os.environ["VIDGO_DATA"]) / "template").open("a+") as made:
        # Other workers wait here until the first is done.
        fcntl.flock(made, fcntl.LOCK_EX)
        if made.seek(0, os.SEEK_END) == 0:
            given["TEST"]["NAME"] = name
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()
            given["NAME"], given["TEST"]["NAME"] = before
            made.write(name)
    return name


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server and remove the folders; the watchdog does it for a run that was killed."""
    if processes := config.stash.get(_processes, None):
        processes.close()
