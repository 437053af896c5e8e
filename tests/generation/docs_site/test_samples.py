"""Every code sample of the documentation runs as printed and does what its page says."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from generation.callbacks import signing
from generation.docs_site import code
from tests import factories
from tests.generation.callbacks.receiving import announced, deliver, secret_of
from tests.running import wait_for, web, worker

pytestmark = pytest.mark.system

# The interpreter of a sample, by file extension.
PROGRAMS: Mapping[str, list[str]] = {
    "sh": ["bash", "-euo", "pipefail"],
    "py": [sys.executable],
    "mjs": ["node"],
    "go": ["go", "run"],
}
TASK = r"task_[0-9a-z]{26}"
SETTINGS = {
    "SANDBOX_ENABLED": "true",
    "SANDBOX_SECONDS": "0.2",
    "WEB_PROCESSES": "1",
}


def is_there(extension: str) -> bool:
    """Return whether this machine can run a language; shell samples also need curl."""
    needed = [PROGRAMS[extension][0], *(["curl"] if extension == "sh" else [])]
    return all(shutil.which(program) for program in needed)


@dataclass
class Developer:
    """A developer who copies the samples of one language and runs them."""

    extension: str
    folder: Path
    url: str
    key: str
    # A queued task.
    task_id: str = ""

    def run(self, name: str, **further: str) -> str:
        """Run a sample and return what it printed."""
        done = subprocess.run(
            [*PROGRAMS[self.extension], str(code.FOLDER / f"{name}.{self.extension}")],
            cwd=self.folder,
            env={
                **os.environ,
                "VIDGO_URL": self.url,
                "VIDGO_API_KEY": self.key,
                **further,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{name}.{self.extension}: {done.stdout}{done.stderr}"
        if self.extension == "sh" and name != "errors":
            assert json.loads(done.stdout)["code"] == 200, done.stdout
        return done.stdout

    def find(self, pattern: str, name: str, **further: str) -> str:
        """Run a sample and return what a pattern finds in its output."""
        printed = self.run(name, **further)
        found = re.search(pattern, printed)
        assert found, f"{name}.{self.extension} printed {printed}"
        return found[0]

    def await_image(self, task: str) -> None:
        """Run the sample that waits until a task has finished."""
        wait_for(lambda: "finished" in self.run("wait", TASK_ID=task), seconds=60, what="image")


def run_without_a_worker(developer: Developer) -> None:
    """Run the samples that need no worker."""
    me = developer
    assert me.find(r"\d{3,}", "balance")
    assert me.find("flux-kontext-max-edit", "models")
    waiting = me.find(TASK, "submit")
    assert me.find("The task was canceled.", "cancel", TASK_ID=waiting)
    me.task_id = me.find(TASK, "idempotent")
    refused = me.run("errors")
    assert "input.size" in refused
    assert "16:9" in refused


def run_with_a_worker(developer: Developer) -> None:
    """Run the samples that generate or edit images, and check the results."""
    me = developer
    picture = rf"{me.url}/files/[\w/]+\.png"
    uploaded = me.find(picture, "upload_file")
    assert is_image(uploaded)
    assert is_image(me.find(picture, "upload_base64"))
    assert is_image(me.find(picture, "upload_url", IMAGE_URL=uploaded))
    edit = me.find(TASK, "edit", IMAGE_URL=uploaded)
    # On a busy machine an image may take longer than one call waits, and curl asks only once.
    me.await_image(edit)
    if me.extension == "sh":
        me.await_image(me.task_id)
    assert is_image(me.find(picture, "status", TASK_ID=me.task_id))
    assert me.task_id in me.run("list")
    assert edit in me.run("ledger")
    # By now the worker is warm; this one has its image within its one call.
    finished = me.run("quickstart")
    assert "finished" in finished
    assert is_image(find(picture, finished))


def find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found[0]


def is_image(url: str) -> bool:
    answer = requests.get(url, timeout=10)
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("image/")


@pytest.mark.parametrize("extension", PROGRAMS)
def test_a_missing_interpreter_is_reported(extension: str) -> None:
    if not is_there(extension):
        pytest.skip(f"{PROGRAMS[extension][0]} is not installed: its samples were not run")


@pytest.mark.django_db(transaction=True)
def test_every_sample_does_what_its_page_says(organization: Organization, tmp_path: Path) -> None:
    factories.credits(organization=organization, amount=5_000)
    developers = []
    with web(log=tmp_path / "web.log", **SETTINGS) as url:
        for extension in ("sh", "py", "mjs"):
            if is_there(extension):
                folder = tmp_path / extension
                folder.mkdir()
                (folder / "photo.png").write_bytes(factories.png(width=320, height=240))
                # A key each: uploads are limited by key.
                key = factories.api_key(organization=organization).plaintext
                developers.append(Developer(extension=extension, folder=folder, url=url, key=key))
        with ThreadPoolExecutor(len(developers)) as at_once:
            list(at_once.map(run_without_a_worker, developers))
            with worker(log=tmp_path / "worker.log", **SETTINGS):
                list(at_once.map(run_with_a_worker, developers))
    assert ledger_checks.check() == []


def test_every_sample_is_among_those_that_are_run() -> None:
    text = Path(__file__).read_text()
    for path in code.FOLDER.iterdir():
        if path.suffix.removeprefix(".") in PROGRAMS:
            assert f'"{path.stem}"' in text, path.name


@contextlib.contextmanager
def receiving(extension: str, *, secret: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Run the receiver of a language; yield its address and where it prints."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    printed = folder / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [*PROGRAMS[extension], str(code.FOLDER / f"receiver.{extension}")],
            env={**os.environ, "PORT": str(port), "VIDGO_WEBHOOK_SECRET": secret},
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for(lambda: is_listening(port), seconds=60, what="receiver")
            yield f"http://127.0.0.1:{port}/vidgo", printed
        finally:
            # Whatever `go run` has started goes with it.
            os.killpg(process.pid, 9)
            process.wait()


def is_listening(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def forgeries(body: bytes, *, secret: str) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield requests that a receiver must reject."""
    key = key_in(secret)
    now = int(time.time())
    genuine = signing.headers(message_id="cb_9", timestamp=now, body=body, keys=[key])
    yield body, {}
    yield body, {**genuine, "webhook-signature": ""}
    yield body, {**genuine, "webhook-id": "cb_8"}
    yield body.replace(b"200", b"201"), genuine
    yield body, signing.headers(message_id="cb_9", timestamp=now, body=body, keys=[b"o" * 32])
    yield body, signing.headers(message_id="cb_9", timestamp=now - 400, body=body, keys=[key])


def key_in(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(signing.SECRET_PREFIX))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extension", ["py", "mjs", "go"])
def test_a_receiver_accepts_only_our_webhooks(
    organization: Organization,
    tmp_path: Path,
    settings: Settings,
    work_cycles: None,
    extension: str,
) -> None:
    if not is_there(extension):
        pytest.skip(f"{PROGRAMS[extension][0]} is not installed")
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    secret = secret_of(organization)
    with receiving(extension, secret=secret, folder=tmp_path) as (url, printed):
        callback = announced(organization=organization, url=url)
        assert deliver() == 1
        callback.refresh_from_db()
        assert callback.state == callback.State.DELIVERED, printed.read_text()
        line = f"{callback.job.public_id} finished\n"  # type: ignore[union-attr]
        wait_for(lambda: printed.read_text() == line, seconds=5, what="line of the receiver")
        body = b'{"code":200,"data":{"task_id":"task_forged","status":"finished"}}'
        for forged, headers in forgeries(body, secret=secret):
            answer = requests.post(url, data=forged, headers=headers, timeout=5)
            assert answer.status_code == 400, headers
        # Twice under one id: accepted twice, worked on once; with the old secret's signature, too.
        again: dict[str, Any] = signing.headers(
            message_id="cb_7",
            timestamp=int(time.time()),
            body=body.replace(b"forged", b"twice"),
            keys=[b"o" * 32, key_in(secret)],
        )
        for _ in range(2):
            answer = requests.post(
                url, data=body.replace(b"forged", b"twice"), headers=again, timeout=5
            )
            assert answer.status_code == 204
        wait_for(
            lambda: printed.read_text() == f"{line}task_twice finished\n",
            seconds=5,
            what="second line",
        )
        time.sleep(0.1)
        assert printed.read_text() == f"{line}task_twice finished\n"
