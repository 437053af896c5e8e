"""A thousand callbacks to a receiver that fails 30 %, and a worker that is killed midway."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import Organization
from tests.generation.callbacks import fire

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kill", ["worker 0", "first", "pusher"])
def test_a_thousand_callbacks_all_arrive(
    organization: Organization,
    tmp_path: Path,
    record_testsuite_property: Callable[[str, object], None],
    seed: int,
    kill: str,
) -> None:
    outcome = fire.run(
        organization=organization, callbacks=1000, seed=seed, log=tmp_path / "log", kill=kill
    )
    assert len(outcome.accepted) == 1000
    twice = sum(times - 1 for times in outcome.accepted.values())
    # At least once: what the killed process had sent but not recorded comes again.
    assert twice <= 2 * 20
    record_testsuite_property(
        f"thousand_callbacks {kill} {seed}",
        f"{outcome.seconds:.1f} s, {sum(outcome.came.values())} requests, {twice} twice",
    )
