"""Child processes that end with the process that started them, whatever ends it.

Each child leads a session of its own, so that Ctrl-C in a terminal reaches only its parent, which
ends its children in order. When the parent cannot do that (kill -9), a watchdog does: this same
file, run as a small program that is told of every child and acts once its pipe closes.

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

# What the watchdog grants to children whose parent has died, before it kills them.
ORPHAN_PATIENCE_SECONDS = 8.0


class AlreadyHeld(Exception):
    """Another live process holds the lock; `args[0]` is a sentence that names it."""


class ProcessGroup:
    """Start children that cannot outlive this process.

    `keep` are file descriptors that stay open until the watchdog has done its work: a lock among
    them stays held for as long as anything of this processes may still be running.
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

        If this process dies, the watchdog sends `stop_signal` first, and to a `last` child only
        when the others have ended.
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
        self._tell(f"{'last' if last else 'child'} {child.pid} {stop_signal.value}")
        return child

    def end(
        self,
        *children: subprocess.Popen[bytes],
        stop_signal: signal.Signals = signal.SIGTERM,
        patience_seconds: float,
    ) -> None:
        """End children together: ask once, wait, and kill what is left of their groups."""
        for child in children:
            if child.poll() is None:
                child.send_signal(stop_signal)
        deadline = time.monotonic() + patience_seconds
        for child in children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=max(0.0, deadline - time.monotonic()))
        self.kill(*children)

    def kill(self, *children: subprocess.Popen[bytes]) -> None:
        """Kill children and whatever they left behind in their process groups."""
        for child in children:
            if child not in self._children:
                continue  # Waited for before: its number may be another process's by now.
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
            self._children.remove(child)
            self._tell(f"ended {child.pid}")

    def kill_at_once(self) -> None:
        """Kill every child without waiting for any, as a signal handler about to exit must."""
        for child in self._children:
            _signal_group(child.pid, signal.SIGKILL)

    def remove_afterwards(self, *, folder: Path) -> None:
        """Have a folder removed once this processes is closed or this process is dead."""
        self._tell(f"folder {folder}")

    def close(self) -> None:
        """Let the watchdog end what is still running, and wait for it."""
        if self._watchdog.stdin is not None and not self._watchdog.stdin.closed:
            # A watchdog that was killed leaves a broken pipe; there is nothing left to tell it.
            with contextlib.suppress(BrokenPipeError):
                self._watchdog.stdin.close()
        while self._watchdog.poll() is None:
            # An ended child that nobody waits for would look alive to the watchdog.
            for child in self._children:
                child.poll()
            time.sleep(0.02)
        for child in self._children:
            child.poll()

    def _tell(self, line: str) -> None:
        if self._watchdog.stdin is None:
            raise RuntimeError("The watchdog has no pipe")
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.write(line + "\n")
            self._watchdog.stdin.flush()


def hold(*, path: Path, patience_seconds: float) -> int:
    """Lock a file for as long as the returned descriptor lives, here or in a watchdog.

    A holder that has died is waited for while its watchdog ends what it had started. Raises
    AlreadyHeld when the holder is alive, or when the patience runs out.
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
    """Signal a process group, if any of it is there."""
    # macOS answers "not permitted" for a group of which only the unreaped leader is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def watch_parent(lines: IO[str]) -> None:
    """Read what the parent tells until its pipe closes, then end and remove what is left."""
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
    """Ask each orphan once, wait, and kill what is left of their groups."""
    for pid, stop_signal in orphans.items():
        _signal_group(pid, stop_signal)
    deadline = time.monotonic() + ORPHAN_PATIENCE_SECONDS
    while not all(map(_is_over, orphans)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in orphans:
        _signal_group(pid, signal.SIGKILL)


def _is_over(pid: int) -> bool:
    """Return whether a process is gone, or only waits for someone to ask how it ended."""
    try:
        os.kill(pid, 0)
        # An init that is in no hurry, as in many containers, leaves orphans as zombies (Linux).
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except ProcessLookupError:
        return True
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    watch_parent(sys.stdin)
