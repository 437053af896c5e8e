"""The deployment files use only settings that exist, and limits that fit the product."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from django.conf import settings

from generation.api.uploads import BASE64_BODY_MAX_BYTES
from generation.jobs import long_polling
from vidgo import env
from vidgo.kernel.queue import supervisor

# Importing gunicorn's configuration sets PROMETHEUS_MULTIPROC_DIR, which must not leak.
with mock.patch.dict(os.environ):
    from vidgo import gunicorn as web

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "docs/deploy"
UNITS = ("vidgo-web.socket", "vidgo-web.service", "vidgo-worker@.service")
# Variables that compose.yaml reads from .env for other services.
OF_OTHERS = {"POSTGRES_PASSWORD", "VIDGO_HOST", "VIDGO_TAG"}
OURS = ("migrate", "web-a", "web-b", "worker")
HOST = re.compile(r"//(?:[^@/]+@)?([a-z][a-z0-9-]*):\d+")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return compose.yaml with its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def text(name: str) -> str:
    return (DEPLOY / name).read_text()


def seconds(words: str) -> float:
    """Return a duration as systemd, nginx and compose write it."""
    number, unit = re.fullmatch(r"(\d+)(s|m|ms|)", words).groups()  # type: ignore[union-attr]
    return int(number) * {"": 1, "s": 1, "m": 60, "ms": 0.001}[unit]


# compose.yaml ------------------------------------------------------------------------------------


def test_our_services_have_only_settings_that_exist(compose: dict[str, Any]) -> None:
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= env.READ, name
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", (ROOT / "compose.yaml").read_text()))
    assert asked <= env.READ | OF_OTHERS


def test_every_service_has_a_health_check_or_disables_it(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        check = service["healthcheck"]
        if check.get("disable"):
            assert name in ("migrate", "worker")
            continue
        assert check["test"][0] == "CMD", name
        assert seconds(check["timeout"]) <= seconds(check["interval"]) + 1, name
        assert check["retries"] >= 1, name


def test_all_but_the_migration_are_restarted(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name


def test_our_services_have_minimal_privileges(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
        assert "ports" not in service
    assert [name for name, each in compose["services"].items() if "ports" in each] == ["proxy"]


def test_services_wait_for_services_that_exist_and_speak_to_them_by_name(
    compose: dict[str, Any],
) -> None:
    names = set(compose["services"])
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", ())) <= names - {name}
        for value in map(str, service.get("environment", {}).values()):
            assert set(HOST.findall(value)) <= names, value
    volumes = {
        each.partition(":")[0]
        for service in compose["services"].values()
        for each in service.get("volumes", ())
        if not each.startswith(("./", "/"))
    }
    assert volumes == set(compose["volumes"])
    upstreams = re.search(r"reverse_proxy (.+) \{", text("Caddyfile"))
    assert upstreams is not None
    assert upstreams.group(1).split() == ["web-a:8000", "web-b:8000"]
    allowed = compose["services"]["web-a"]["environment"]["VIDGO_ALLOWED_HOSTS"].split(",")
    assert {"web-a", "web-b", "127.0.0.1"} == set(allowed)


def test_no_secret_is_in_compose(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY|DATABASE_URL", key):
                assert "${" in str(value), f"{name} {key}"
    assert ".env" in (ROOT / ".gitignore").read_text().split()


# Stopping in order -------------------------------------------------------------------------------


def test_stop_timeouts_are_longer_than_a_stop_takes(compose: dict[str, Any]) -> None:
    drain = seconds(compose["services"]["web-a"]["environment"]["WEB_DRAIN_SECONDS"])
    longest = max(drain + web.graceful_timeout, supervisor.STOP_SECONDS) + 5
    for name in OURS:
        assert seconds(compose["services"][name]["stop_grace_period"]) >= longest
    for unit in UNITS[1:]:
        found = re.search(r"^TimeoutStopSec=(\d+)$", text(unit), re.MULTILINE)
        assert found is not None
        assert int(found.group(1)) >= longest
        assert "KillMode=mixed" in text(unit)


def test_the_proxy_notices_in_time_that_a_web_server_is_ending(compose: dict[str, Any]) -> None:
    drain = seconds(compose["services"]["web-a"]["environment"]["WEB_DRAIN_SECONDS"])
    found = re.search(r"health_interval (\S+)", text("Caddyfile"))
    assert found is not None
    assert 2 * seconds(found.group(1)) <= drain


# Proxies -----------------------------------------------------------------------------------------


def test_proxies_allow_the_largest_upload_and_the_longest_wait() -> None:
    for name, size, timeout in (
        ("nginx.conf", r"client_max_body_size (\d+)m;", r"proxy_read_timeout (\d+s);"),
        ("Caddyfile", r"max_size (\d+)MB", r"response_header_timeout (\d+s)"),
    ):
        sizes, timeouts = re.findall(size, text(name)), re.findall(timeout, text(name))
        assert sizes, name
        assert all(int(each) * 1_000_000 >= BASE64_BODY_MAX_BYTES for each in sizes), name
        assert timeouts, name
        assert all(seconds(each) >= 2 * long_polling.LONGEST_SECONDS for each in timeouts), name


def test_no_proxy_keeps_connections_or_publishes_metrics() -> None:
    assert "keepalive off" in text("Caddyfile")
    assert not re.search(r"^\s*keepalive", text("nginx.conf"), re.MULTILINE)
    assert "respond /metrics 404" in text("Caddyfile")
    assert "location = /metrics" in text("nginx.conf")
    # One proxy appends one address.
    assert "TRUSTED_PROXY_COUNT=1" in text("nginx.conf")


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed")
def test_nginx_accepts_its_example(tmp_path: Path) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=vidgo.example", "-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    inner = text("nginx.conf").replace("/etc/ssl/vidgo.example", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{inner}}}\n")
    done = subprocess.run(
        ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("caddy"), reason="Caddy is not installed")
def test_caddy_accepts_its_example(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        env={"VIDGO_HOST": "vidgo.example", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


# systemd -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # Only the paths of the programs differ here.
        unit_text = re.sub(r"/opt/vidgo/current/\.venv/bin/\w+", "/bin/true", text(unit))
        (tmp_path / unit).write_text(unit_text)
    found = subprocess.run(
        ["systemd-analyze", "verify", *(str(tmp_path / unit.replace("@", "@1")) for unit in UNITS)],
        capture_output=True,
        text=True,
    )
    assert (found.returncode, found.stderr) == (0, "")


# The image ---------------------------------------------------------------------------------------


def test_the_image_has_exactly_what_the_product_imports() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS if "." not in name}
    assert {"templates", "static", "manage.py", "requirements.txt", "requirements-pip.txt"} <= kept
    assert {name for name in apps if (ROOT / name).is_dir()} <= kept
    assert all((ROOT / name).exists() for name in kept)
    assert not kept & {"tests", "docs", ".env", ".vidgo", ".git"}


def test_the_image_has_pinned_hashes_and_an_unprivileged_user() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    installs = [line for line in dockerfile.splitlines() if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line and "--no-deps" in line for line in installs)
    assert re.search(r"^USER 10001:10001$", dockerfile, re.MULTILINE)
    assert "collectstatic" in dockerfile
    named = set(re.findall(r"\b(VIDGO_[A-Z_]+|[A-Z_]*(?:KEY|PEPPERS))=", dockerfile))
    assert named <= env.READ
