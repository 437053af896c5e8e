"""A real worker killed while it delivers callbacks: each arrives under its one id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import Organization
from tests.generation.callbacks import fire

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


def test_a_worker_killed_midway_delivers_every_callback(
    organization: Organization,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    outcome = fire.run(organization=organization, callbacks=100, seed=4, log=tmp_path / "log")
    assert len(outcome.accepted) == 100
    assert sum(outcome.came.values()) > 100
    record_testsuite_property("callbacks_under_fire_seconds", round(outcome.seconds, 1))
