"""A web server that is stopping reports it first, and its processes share their counters."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
import requests
from django.test import Client

from tests import running
from tests.ops.scraping import Scrape
from tests.processes.test_up import free_port
from vidgo.dev.process_groups import ProcessGroup
from vidgo.kernel.ops import readiness, web_lifecycle

DRAIN_SECONDS = 3


def test_a_server_that_is_stopping_is_alive_and_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the db fixture any query is an error: none of this needs the database.
    monkeypatch.setattr(web_lifecycle, "_ending", bytearray(1))
    assert not web_lifecycle.is_ending()
    web_lifecycle.begin_to_end()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "ending", "checks": {}})
    assert Client().get("/healthz").status_code == 200


def test_a_server_keeps_its_folder_and_removes_those_of_killed_ones(tmp_path: Path) -> None:
    ours = web_lifecycle.make_folder(parent=tmp_path)
    left, new, other = (tmp_path / name for name in ("vidgo-metrics-1", "vidgo-metrics-2", "x"))
    for folder in (left, new, other):
        folder.mkdir()
    (left / "counter_1.db").touch()
    for folder in (ours, left, other):
        os.utime(folder, (0, 0))
    next_one = web_lifecycle.make_folder(parent=tmp_path)
    assert set(tmp_path.iterdir()) == {ours, new, other, next_one}


@pytest.mark.django_db
def test_a_failed_check_logs_one_line_and_a_stop_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise readiness.NotReady("no storage")

    monkeypatch.setitem(readiness.CHECKS, "storage", fail)
    with caplog.at_level("WARNING"):
        assert Client().get("/readyz").status_code == 503
        assert len(caplog.records) == 1
        monkeypatch.setattr(web_lifecycle, "_ending", bytearray(b"\1"))
        assert Client().get("/readyz").status_code == 503
        assert len(caplog.records) == 1


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_a_server_shares_its_counters_and_drains_before_it_stops(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{(port := free_port())}"
    with ProcessGroup() as processes, (tmp_path / "web.log").open("ab") as output:
        server = processes.start(
            command=[
                *(sys.executable, "-m", "gunicorn", "-c", "python:vidgo.gunicorn"),
                *("--worker-tmp-dir", str(tmp_path), "vidgo.wsgi"),
            ],
            cwd=running.ROOT,
            env=running.environment(
                PORT=str(port),
                VIDGO_PUBLIC_URL=address,
                WEB_PROCESSES="3",
                WEB_DRAIN_SECONDS=str(DRAIN_SECONDS),
                TMPDIR=str(tmp_path),
            ),
            output=output,
        )
        running.wait_for(lambda: _ready(address), seconds=30, what="ready server")
        before = _served(address)
        for _ in range(60):
            requests.get(f"{address}/models", timeout=10)
        assert _served(address) - before == 60, "whichever process is asked knows of all"

        server.send_signal(signal.SIGTERM)
        stopped_at = time.monotonic()
        running.wait_for(lambda: not _ready(address), seconds=2, what="503 at /readyz")
        while time.monotonic() - stopped_at < DRAIN_SECONDS - 1:
            assert requests.get(f"{address}/healthz", timeout=5).status_code == 200
            assert requests.get(f"{address}/readyz", timeout=5).json()["status"] == "ending"
        assert server.wait(timeout=40) == 0
        assert time.monotonic() - stopped_at >= DRAIN_SECONDS - 0.5
    assert list(tmp_path.glob("vidgo-metrics-*")) == []


def _ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def _served(address: str) -> float:
    now = Scrape(requests.get(f"{address}/metrics", timeout=10).content)
    return now("vidgo_requests_total", route="models", method="GET", status="200") or 0
