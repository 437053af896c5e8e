"""A copy of Vidgo as `make run` starts it, with members of every role and data."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.running import ROOT, wait_for
from vidgo.dev.process_groups import ProcessGroup

PASSWORD = "a long enough secret"
ROLES = ("owner", "admin", "developer", "billing")
OPERATOR = "operator"
# Owns an organization without any data.
NEWCOMER = "newcomer"
# Owners of organizations in special states; see seed_states.py.
CROWDED = "crowded"
SUSPENDED = "suspended"
NOBODY = "nobody"
# The webhook receiver runs on this machine.
LOOPBACK = {"VIDGO_ALLOW_LOOPBACK_URLS": "true"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Product:
    """The URL of a copy, its data folder, and its demo credentials."""

    address: str
    data: Path
    demo: dict[str, str]

    @staticmethod
    def email_of(role: str) -> str:
        """Return the e-mail address of a role."""
        return f"{role}@example.com"


def environment(*, data: Path, port: int) -> dict[str, str]:
    """Return the environment of a copy's processes: no settings but its folder and port."""
    own = ("DATABASE_URL", "VIDGO_", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**kept, "PORT": str(port), "VIDGO_DATA": str(data), "WEB_PROCESSES": "1", **LOOPBACK}


@contextlib.contextmanager
def running() -> Iterator[Product]:
    """Run a copy filled by `seed` during the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        tempfile.TemporaryDirectory(prefix="vidgo-browser-") as folder,
        ProcessGroup() as processes,
    ):
        data, said = Path(folder).resolve() / "data", Path(folder) / "output"
        settings = environment(data=data, port=port)
        with said.open("wb") as output:
            process = processes.start(
                command=[sys.executable, "manage.py", "up"], cwd=ROOT, env=settings, output=output
            )
        wait_for(
            lambda: b"Press Ctrl-C to stop" in said.read_bytes() or process.poll() is not None,
            seconds=120,
            what="copy that is ready",
        )
        assert process.poll() is None, said.read_text()
        subprocess.run(
            [sys.executable, "-m", "tests.browser.seed"],
            cwd=ROOT,
            env={**settings, "DJANGO_SETTINGS_MODULE": "vidgo.settings"},
            check=True,
            timeout=120,
        )
        demo = json.loads((data / "demo.json").read_text())
        yield Product(address=f"http://127.0.0.1:{port}", data=data, demo=demo)
        processes.end(process, patience_seconds=15)
