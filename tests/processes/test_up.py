"""`manage.py up`, as `make run` starts it: a copy that stops completely and keeps its data."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.core.management.base import CommandError

from tests.processes.conftest import ROOT, is_running, wait_until
from vidgo.management.commands import up

STOP_SECONDS = 15


class Copy:
    """A copy of Vidgo in a folder of its own, started and ended by a test."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.output = data.with_name("output")

    @property
    def environment(self) -> dict[str, str]:
        """Return a new user's environment, and the settings of a light copy."""
        # DATABASE_URL and the environment are the test run's own.
        own = ("DATABASE_URL", "VIDGO_", "PYTHONDONTWRITEBYTECODE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(own)}
        light = {"WEB_PROCESSES": "1", "WORKER_PROCESSES": "1", "PORT": str(self.port)}
        return {**kept, **light, "VIDGO_DATA": str(self.data)}

    def start(self) -> psutil.Popen:
        """Start the copy and return once it says that it is ready."""
        with self.output.open("wb") as output:
            process = psutil.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        assert wait_until(
            lambda: "Press Ctrl-C to stop" in self.said or process.poll() is not None, seconds=60
        )
        assert process.poll() is None, self.said
        return process

    def refuse(self, **variables: str) -> tuple[int, str]:
        """Start the copy where it must fail; return its status and its output."""
        result = subprocess.run(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return result.returncode, result.stdout + result.stderr

    @property
    def said(self) -> str:
        """Return the output so far."""
        return self.output.read_text()

    @property
    def demo(self) -> dict[str, str]:
        """Return the demo account."""
        account: dict[str, str] = json.loads((self.data / "demo.json").read_text())
        return account

    def ask(self, path: str) -> Any:
        """Ask the API as the demo organization."""
        return fetch(
            f"http://127.0.0.1:{self.port}{path}",
            {"Authorization": f"Bearer {self.demo['api_key']}"},
        )

    def ask_the_doctor(self) -> list[str]:
        """Return the faults that `manage.py doctor` finds."""
        result = subprocess.run(
            [sys.executable, "manage.py", "doctor"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        lines = result.stdout.splitlines()
        assert len(lines) > 15, result.stderr
        return [line for line in lines if not line.startswith("ok")]

    def paste(self) -> Any:
        """Run the printed curl command."""
        line = next(line for line in self.said.splitlines() if line.startswith("  curl"))
        words = shlex.split(line)
        headers = dict(words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H")
        body = words[words.index("-d") + 1].encode()
        return fetch(next(word for word in words if word.startswith("http")), headers, body)


def fetch(url: str, headers: dict[str, str], body: bytes | None = None) -> Any:
    """Return the JSON at a URL."""
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def tree(process: psutil.Popen) -> list[psutil.Process]:
    """Return a process and everything it started."""
    return [psutil.Process(process.pid), *process.children(recursive=True)]


@pytest.fixture
def copy() -> Iterator[Copy]:
    """Yield a copy that was never started."""
    with tempfile.TemporaryDirectory(prefix="vidgo-") as folder:
        yield Copy(Path(folder).resolve() / "data")


def test_a_copy_keeps_its_data_and_stops_completely(copy: Copy) -> None:
    first = copy.start()
    demo = copy.demo
    assert demo["base_url"] == f"http://127.0.0.1:{copy.port}"
    assert (copy.data / "demo.json").stat().st_mode & 0o777 == 0o600
    assert demo["email"] in copy.said
    assert demo["password"] in copy.said
    assert copy.ask("/api/user/balance")["data"]["credits_amount"] == 1000
    task = copy.paste()["data"]["task_id"]
    assert copy.ask_the_doctor() == []

    status, line = copy.refuse(PORT=str(free_port()))
    assert (status, line.count("\n")) == (1, 1), line
    assert f"process {first.pid} holds" in line
    with pytest.raises(CommandError, match=f"port {copy.port} on 127.0.0.1 is taken"):
        up.listen(host="127.0.0.1", port=copy.port)

    processes = tree(first)
    assert len(processes) > 5, "watchdog, postgres, web, worker and their children"
    asked_at = time.monotonic()
    first.send_signal(signal.SIGTERM)
    first.send_signal(signal.SIGTERM)  # make forwards the same signal
    assert first.wait(timeout=STOP_SECONDS) == 0, copy.said
    assert time.monotonic() - asked_at < STOP_SECONDS
    assert [p.pid for p in processes if is_running(p.pid)] == []
    assert copy.said.endswith("Stopped.\n")

    copy.port = free_port()
    second = copy.start()
    assert copy.demo == {**demo, "base_url": f"http://127.0.0.1:{copy.port}"}
    assert copy.ask(f"/api/generate/status/{task}")["data"]["task_id"] == task
    processes = tree(second)
    second.kill()
    second.wait()
    assert wait_until(
        lambda: not any(is_running(p.pid) for p in processes), seconds=STOP_SECONDS
    ), [p for p in processes if is_running(p.pid)]


def test_settings_that_cannot_work_are_refused_in_one_line_before_anything_starts(
    copy: Copy,
) -> None:
    copy.data.write_text("a file")
    status, line = copy.refuse()
    assert (status, line) == (2, f"vidgo: VIDGO_DATA={copy.data} is not a folder\n")
    status, line = copy.refuse(VIDGO_DATA="/proc/vidgo")
    assert (status, line.count("\n")) == (2, 1), line
    assert line.startswith("vidgo: VIDGO_DATA=/proc/vidgo cannot be written to")
    status, line = copy.refuse(PORT="eighty")
    assert (status, line.count("\n")) == (2, 1), line
    assert line.startswith("vidgo: PORT='eighty' is not valid")


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("127.0.0.1", 65536, "the largest port is 65535"),
        ("192.0.2.1", 8000, "HOST=192.0.2.1 PORT=8000"),
        ("no such host", 8000, "HOST=no such host PORT=8000"),
    ],
)
def test_an_unusable_address_is_named(host: str, port: int, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        up.listen(host=host, port=port)


def test_a_make_that_was_stopped_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("run:\n\t@echo $$PPID; exec sleep 300\n")
    # A shell's background jobs ignore SIGINT, and so would make; a handler restores it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        make = psutil.Popen(
            ["make", "--silent", "run"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert int(make.stdout.readline()) == make.pid
    sleep = make.children()[0]
    assert not up.only_waits(make=make.pid)
    make.send_signal(signal.SIGINT)
    assert wait_until(lambda: up.only_waits(make=make.pid), seconds=5)
    assert make.poll() is None
    sleep.terminate()
    make.communicate()


def test_a_service_that_keeps_ending_is_started_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(up.time, "monotonic", lambda: now)
    service = up.Service(name="web", start=lambda: subprocess.Popen(["true"]))
    pauses = []
    for _ in range(7):
        service.run()
        assert service.process is not None
        service.process.wait()
        assert service.has_ended()
        pauses.append(service.retire())
        assert service.again_at == now + pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    service.run()
    assert service.process is not None
    service.process.wait()
    now += up.STEADY_SECONDS + 1
    assert service.retire() == 1
