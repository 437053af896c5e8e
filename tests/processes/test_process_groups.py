"""Process groups: children never outlive their parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.conftest import is_running, run_python, wait_until
from vidgo.dev import process_groups

# A child that has a child of its own and ignores SIGTERM.
DEAF = [
    sys.executable,
    "-c",
    "import signal, subprocess, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print(subprocess.Popen(['sleep', '300']).pid, flush=True)\n"
    "time.sleep(300)",
]
PARENT = """
import sys, time
from pathlib import Path
from vidgo.dev.process_groups import ProcessGroup, hold
folder = Path(sys.argv[1])
processes = ProcessGroup(keep=[hold(path=folder / "lock", patience_seconds=0)])
(folder / "kept").mkdir()
processes.remove_afterwards(folder=folder / "kept")
print(processes.start(command=["sleep", "300"]).pid, flush=True)
time.sleep(300)
"""


def test_a_child_leads_a_session_of_its_own(processes: process_groups.ProcessGroup) -> None:
    child = processes.start(command=["sleep", "300"])
    assert os.getsid(child.pid) == child.pid != os.getsid(0)


def test_a_child_that_ignores_sigterm_is_killed_with_its_children(
    processes: process_groups.ProcessGroup, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    with output.open("wb") as file:
        child = processes.start(command=DEAF, output=file)
    assert wait_until(lambda: output.read_text().endswith("\n"), seconds=10)
    grandchild = int(output.read_text())
    processes.end(child, patience_seconds=0.2)
    assert child.returncode == -signal.SIGKILL
    assert wait_until(lambda: not is_running(grandchild), seconds=5)


def test_a_child_may_be_ended_twice(processes: process_groups.ProcessGroup) -> None:
    child = processes.start(command=["sleep", "300"])
    processes.end(child, patience_seconds=5)
    processes.end(child, patience_seconds=5)
    assert child.returncode == -signal.SIGTERM


def test_closing_a_group_stops_what_still_runs() -> None:
    processes = process_groups.ProcessGroup()
    child = processes.start(command=["sleep", "300"])
    processes.close()
    assert child.poll() == -signal.SIGTERM


def test_children_folders_and_lock_are_released_when_the_parent_is_killed(tmp_path: Path) -> None:
    parent = run_python(PARENT, str(tmp_path))
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    with pytest.raises(process_groups.AlreadyHeld, match=f"process {parent.pid} "):
        process_groups.hold(path=tmp_path / "lock", patience_seconds=0)
    assert is_running(child)
    parent.kill()
    parent.communicate()
    # The lock is the proof that the watchdog has finished.
    os.close(process_groups.hold(path=tmp_path / "lock", patience_seconds=10))
    assert not is_running(child)
    assert not (tmp_path / "kept").exists()


def test_a_last_child_is_ended_after_the_others(tmp_path: Path) -> None:
    note = 'trap "echo {0} >>order; exit 0" TERM; echo >ready-{0}; while :; do sleep 0.05; done'
    processes = process_groups.ProcessGroup()
    first = processes.start(command=["sh", "-c", note.format("last")], cwd=tmp_path, last=True)
    processes.start(command=["sh", "-c", note.format("other")], cwd=tmp_path)
    for name in ("last", "other"):
        assert wait_until((tmp_path / f"ready-{name}").exists, seconds=10)
    processes.close()
    assert first.returncode == 0
    assert (tmp_path / "order").read_text().split() == ["other", "last"]


def test_a_killed_watchdog_does_not_stop_its_group(processes: process_groups.ProcessGroup) -> None:
    processes._watchdog.send_signal(signal.SIGKILL)
    processes._watchdog.wait()
    child = processes.start(command=["true"])
    child.wait()
    processes.kill(child)
    assert child.returncode == 0


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    os.close(process_groups.hold(path=path, patience_seconds=0))
    descriptor = process_groups.hold(path=path, patience_seconds=0)
    assert int(path.read_text()) == os.getpid()
    os.close(descriptor)


def test_the_watchdog_needs_only_the_standard_library() -> None:
    command = [sys.executable, "-I", "-S", process_groups.__file__]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0
