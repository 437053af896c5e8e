"""Create .venv and install the pinned dependencies; run by the Makefile with the system's Python.

    python3 -I vidgo/dev/bootstrap.py runtime|dev

Runs on any Python 3, so that it can report a version that is too old.
"""

import fcntl
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
REQUIREMENTS = {"runtime": ROOT / "requirements.txt", "dev": ROOT / "requirements-dev.txt"}


def fail(message: str) -> None:
    """Print an error and exit."""
    sys.stderr.write("vidgo: " + message + "\n")
    sys.exit(2)


def say(message: str) -> None:
    """Print a line of progress."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def run(*command: str, quiet: bool = False) -> bool:
    """Run a command and return whether it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    result = subprocess.run(command, stdout=output, stderr=output, check=False)  # noqa: S603
    return result.returncode == 0


def digest(kind: str) -> str:
    """Return the content of the stamp of an up-to-date installation."""
    return hashlib.sha256(REQUIREMENTS[kind].read_bytes()).hexdigest()


def stamp(kind: str) -> Path:
    """Return the file that records which requirements are installed."""
    return VENV / ("." + kind)


def is_installed(kind: str) -> bool:
    """Return whether exactly these requirements are installed."""
    return stamp(kind).exists() and stamp(kind).read_text().strip() == digest(kind)


def install(kind: str) -> None:
    """Install the requirements into .venv, checking the hash of every file."""
    if not Path(PYTHON).exists() or not run(PYTHON, "-m", "pip", "--version", quiet=True):
        say("Creating .venv …")
        if not run(sys.executable, "-m", "venv", "--clear", str(VENV)):
            fail("creating .venv failed, see above")
        # Python 3.11's own pip takes twice as long for the rest.
        pip_install(ROOT / "requirements-pip.txt")
    say("Installing " + REQUIREMENTS[kind].name + " …")
    pip_install(REQUIREMENTS[kind])
    # The development requirements include the runtime's.
    for done in REQUIREMENTS if kind == "dev" else [kind]:
        stamp(done).write_text(digest(done) + "\n")


def pip_install(requirements: Path) -> None:
    """Install the listed files by hash."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    # Compiling everything now would take longer than compiling at the first start.
    options.append("--no-compile")
    if not run(PYTHON, "-m", "pip", "install", *options, "-r", str(requirements)):
        fail("installing " + requirements.name + " failed, see above")


def main(kind: str) -> None:
    """Install the requirements if needed; two runs at once take turns."""
    if sys.version_info < OLDEST:
        this = ".".join(map(str, sys.version_info[:3]))
        fail(f"Python 3.11 or newer is needed, and this is {this}: add PYTHON=/path/to/another")
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        fail("this Python has no venv module: install it (Debian: apt-get install python3-venv)")
    # An exception raised in subprocess.run also ends the command that it waits for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = os.open(str(ROOT), os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    if is_installed(kind):
        stamp(kind).touch()
    else:
        install(kind)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
