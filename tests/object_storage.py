"""A real S3-compatible server on this machine: rclone, which checks signatures and keeps files.

It can be killed and started again, or stopped in its tracks, as an outage does.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from pathlib import Path

from generation.storage.s3 import S3Storage
from tests.running import wait_for
from vidgo.dev.process_groups import ProcessGroup

RCLONE = Path(sys.executable).with_name("rclone")
BUCKET = "vidgo"
ACCESS_KEY_ID = "vidgo-tests"
SECRET_ACCESS_KEY = "vidgo-tests-secret"


class ObjectStorage:
    """One server with one bucket, whose files lie in a folder."""

    def __init__(self, *, processes: ProcessGroup, folder: Path) -> None:
        self.processes = processes
        self.folder = folder
        self.bucket = folder / "files" / BUCKET
        self.bucket.mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a process of ours that keeps its files here."""
        return {
            "S3_BUCKET": BUCKET,
            "S3_ENDPOINT_URL": self.url,
            "S3_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "S3_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def options(self, **changes: str) -> dict[str, str]:
        """Return the options of `S3Storage` for this server."""
        return {
            "bucket": BUCKET,
            "region": "us-east-1",
            "endpoint_url": self.url,
            "access_key_id": ACCESS_KEY_ID,
            "secret_access_key": SECRET_ACCESS_KEY,
            **changes,
        }

    def start(self) -> None:
        """Start the server, or start it again with the files it had."""
        with (self.folder / "log").open("ab") as output:
            self._process = self.processes.start(
                command=[
                    *(str(RCLONE), "serve", "s3", "--config", ""),
                    *("--addr", f"127.0.0.1:{self.port}"),
                    *("--auth-key", f"{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}"),
                    str(self.bucket.parent),
                ],
                output=output,
            )
        wait_for(self._answers, seconds=20, what="answer of the object storage")

    def stop(self) -> None:
        """Kill the server; calls are refused."""
        if self._process is not None:
            self.processes.kill(self._process)
            self._process = None

    def resume(self) -> None:
        """Let the server answer again, wherever it was frozen or stopped."""
        self.thaw()
        if self._process is None:
            self.start()

    def empty(self) -> None:
        """Remove all files, through the server, so that it knows; it has to be running."""
        storage = S3Storage(**self.options())
        for name in self.list_files():
            storage.delete(name)

    def freeze(self) -> None:
        """Freeze the server; calls hang."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume the server."""
        self._send(signal.SIGCONT)

    def list_files(self) -> list[str]:
        """Return the names of all files in the bucket."""
        return sorted(
            str(path.relative_to(self.bucket)) for path in self.bucket.rglob("*") if path.is_file()
        )

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
