"""`python -m sandbox.vendors`: the local vendors as one process."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from sandbox.vendors import bfl, fal, replicate


@pytest.fixture
def started() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox.vendors", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        yield it
        it.kill()


def read_settings(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the settings that the command prints, up to its last line."""
    assert process.stdout is not None
    text = ""
    while "/_bought" not in text:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        text += line
    return dict(re.findall(r"(\w+)=(\S+)", text))


def test_it_prints_settings_that_reach_each_vendor(started: subprocess.Popen[str]) -> None:
    settings = read_settings(started)
    assert settings["VIDGO_ALLOW_LOOPBACK_URLS"] == "true"
    assert (settings["BFL_API_KEY"], settings["FAL_KEY"]) == (bfl.KEY, fal.KEY)
    assert settings["REPLICATE_API_TOKEN"] == replicate.KEY

    key = {"x-key": settings["BFL_API_KEY"]}
    credits = requests.get(f"{settings['BFL_BASE_URL']}/v1/credits", headers=key, timeout=10)
    assert credits.json() == {"credits": 1000.0}
    assert requests.get(settings["FAL_JWKS_URL"], timeout=10).json() == fal.jwks()
    token = {"Authorization": f"Bearer {settings['REPLICATE_API_TOKEN']}"}
    url = f"{settings['REPLICATE_BASE_URL']}/v1/predictions"
    assert requests.get(url, headers=token, timeout=10).json()["results"] == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_on_a_signal_and_frees_its_port(
    started: subprocess.Popen[str], signum: signal.Signals
) -> None:
    port = int(read_settings(started)["BFL_BASE_URL"].split(":")[2].split("/")[0])
    os.kill(started.pid, signum)
    stdout, stderr = started.communicate(timeout=20)
    assert (started.returncode, stdout, stderr) == (0, "Stopped.\n", "")
    socket.create_server(("127.0.0.1", port)).close()


def test_a_port_in_use_is_an_error_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox.vendors", "--port", str(port)],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"error: cannot listen on port {port}: " in ended.stderr
    assert "Traceback" not in ended.stderr
