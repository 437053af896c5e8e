"""Process groups: child processes that never outlive the process that started them.

Each child leads a session of its own, so Ctrl-C in a terminal reaches only the parent, which stops
its children in order. If the parent is killed, a watchdog stops them: this file run as a small
program, which reads about every child from a pipe and acts when the pipe closes.

The watchdog runs without site-packages, so this module imports the standard library only.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

# How long the watchdog waits for the children of a dead parent before it kills them.
ORPHAN_PATIENCE_SECONDS = 8.0


class AlreadyHeld(Exception):
    """Another live process holds the lock; the message names it."""


class ProcessGroup:
    """Starts children that never outlive this process.

    `keep` are file descriptors that stay open until the watchdog has done its work: a lock among
    them stays held as long as any process of this group may be running.
    """

    def __init__(self, *, keep: Collection[int] = ()) -> None:
        self._watchdog = subprocess.Popen(  # noqa: S603  this very file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=keep,
            text=True,
        )
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "ProcessGroup":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(
        self,
        *,
        command: Sequence[str],
        stop_signal: signal.Signals = signal.SIGTERM,
        last: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: IO[bytes] | None = None,
        pass_fds: Collection[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a command in a session of its own; without `output` it shares our output.

        If this process dies, the watchdog sends the child `stop_signal`; to a `last` child only
        after the others have ended.
        """
        child = subprocess.Popen(  # noqa: S603  the callers' commands are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self._children.append(child)
        self._send(f"{'last' if last else 'child'} {child.pid} {stop_signal.value}")
        return child

    def end(
        self,
        *children: subprocess.Popen[bytes],
        stop_signal: signal.Signals = signal.SIGTERM,
        patience_seconds: float,
    ) -> None:
        """Stop children together: signal them, wait, and kill what is left of their groups."""
        for child in children:
            if child.poll() is None:
                child.send_signal(stop_signal)
        deadline = time.monotonic() + patience_seconds
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
        self.kill(*children)

    def kill(self, *children: subprocess.Popen[bytes]) -> None:
        """Kill children and whatever is left in their process groups."""
        for child in children:
            if child not in self._children:
                continue  # Already reaped: its pid may belong to another process by now.
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
            self._children.remove(child)
            self._send(f"ended {child.pid}")

    def kill_at_once(self) -> None:
        """Kill every child without waiting, for a signal handler that exits next."""
        for child in self._children:
            _signal_group(child.pid, signal.SIGKILL)

    def remove_afterwards(self, *, folder: Path) -> None:
        """Have the watchdog remove a folder once this group is closed or this process is dead."""
        self._send(f"folder {folder}")

    def close(self) -> None:
        """Let the watchdog stop what is still running, and wait for it."""
        if self._watchdog.stdin is not None and not self._watchdog.stdin.closed:
            # A killed watchdog leaves a broken pipe.
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.close()
        while self._watchdog.poll() is None:
            # To the watchdog, a child that is not reaped looks alive.
            for child in self._children:
                child.poll()
            time.sleep(0.02)
        for child in self._children:
            child.poll()

    def _send(self, line: str) -> None:
        if self._watchdog.stdin is None:
            raise RuntimeError("the watchdog has no pipe")
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.write(line + "\n")
            self._watchdog.stdin.flush()


def hold(*, path: Path, patience_seconds: float) -> int:
    """Lock a file until the returned descriptor is closed, here and in a watchdog.

    If the holder has died, wait while its watchdog stops its children. Raises AlreadyHeld if the
    holder is alive, or after `patience_seconds`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = path.read_text().strip()
            if _is_alive(holder) or time.monotonic() > deadline:
                os.close(descriptor)
                raise AlreadyHeld(f"process {holder or 'unknown'} holds {path}") from None
            time.sleep(0.1)
        else:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
            return descriptor


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _signal_group(group: int, number: int) -> None:
    """Signal a process group, if it still exists."""
    # macOS answers "not permitted" for a group with only its unreaped leader left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def watch_parent(lines: IO[str]) -> None:
    """Read lines from the parent until its pipe closes, then stop its children."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children: dict[int, int] = {}
    last: dict[int, int] = {}
    folders: list[str] = []
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "folder":
            folders.append(rest)
        elif word == "ended":
            children.pop(int(rest), None)
            last.pop(int(rest), None)
        else:
            pid, stop_signal = rest.split()
            (last if word == "last" else children)[int(pid)] = int(stop_signal)
    for orphans in (children, last):
        _end_orphans(orphans)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _end_orphans(orphans: dict[int, int]) -> None:
    """Signal each orphan, wait, and kill what is left of their groups."""
    for pid, stop_signal in orphans.items():
        _signal_group(pid, stop_signal)
    deadline = time.monotonic() + ORPHAN_PATIENCE_SECONDS
    while not all(map(_has_ended, orphans)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in orphans:
        _signal_group(pid, signal.SIGKILL)


def _has_ended(pid: int) -> bool:
    """Return whether a process is gone or a zombie."""
    try:
        os.kill(pid, 0)
        # The init process of many containers leaves orphans as zombies (Linux).
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    watch_parent(sys.stdin)
