"""What a development copy stores: secrets, its database's URL, its mail."""

import stat
import time
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from functools import partial
from io import StringIO
from itertools import count
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from psycopg.conninfo import conninfo_to_dict
from pytest_django.fixtures import Settings

from vidgo.dev import embedded_postgres


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    first = embedded_postgres.kept_secret(data=data, name="KEY")
    assert len(first) >= 64
    assert embedded_postgres.kept_secret(data=data, name="KEY") == first
    assert embedded_postgres.kept_secret(data=data, name="OTHER") != first
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "secrets" / "KEY").stat().st_mode) == 0o600


def test_processes_that_start_together_share_one_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    def make_slowly(_: int) -> str:
        time.sleep(0.02)
        return f"secret {next(numbers)}"

    monkeypatch.setattr(embedded_postgres.secrets, "token_urlsafe", make_slowly)
    # Threads that open the file themselves exclude each other like processes.
    with ThreadPoolExecutor(8) as pool:
        make = partial(embedded_postgres.kept_secret, data=tmp_path)
        found = {pool.submit(make, name="KEY") for _ in range(8)}
        assert {future.result() for future in found} == {"secret 0"}


def test_a_secret_cut_short_by_a_crash_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "KEY").write_text("")
    assert len(embedded_postgres.kept_secret(data=tmp_path, name="KEY")) >= 64


def test_the_embedded_address_is_the_same_for_every_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for data in (Path("/srv/vidgo data"), Path("/srv/a,b"), Path("/srv") / ("deep" * 40)):
        url = embedded_postgres.database_url(data=data)
        monkeypatch.setenv("TMPDIR", "/elsewhere")
        monkeypatch.setenv("PGPORT", "6000")
        assert embedded_postgres.database_url(data=data) == url
        parts = conninfo_to_dict(url)
        assert parts["port"] == "5432"
        path = f"{parts['host']}/{embedded_postgres.SOCKET_NAME}"
        assert "," not in path
        assert len(path.encode()) <= embedded_postgres.SOCKET_PATH_MAX_BYTES


def test_a_database_url_becomes_djangos_settings() -> None:
    assert embedded_postgres.django_database(
        url="postgresql://user:p%40ss@db.example:6432/vidgo?sslmode=verify-full&connect_timeout=3"
    ) == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "vidgo",
        "USER": "user",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full", "connect_timeout": "3"},
    }
    embedded_one = embedded_postgres.django_database(
        url=embedded_postgres.database_url(data=Path("/srv/vidgo"))
    )
    assert embedded_one["HOST"] == "/srv/vidgo/socket"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter2@host/name",
        "postgresql://user:hunter2@host:port:port/name",
        "postgresql://user:hunter2@host/name?nonsense=1",
        "postgresql://user:hunter2@host/",
        "user=user password=hunter2",
    ],
)
def test_an_invalid_database_url_is_refused_without_revealing_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL is not valid") as caught:
        embedded_postgres.django_database(url=url)
    assert "hunter2" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, psycopg.Error)


def test_mail_is_printed_in_short_and_kept_whole(tmp_path: Path, settings: Settings) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    stream = StringIO()
    connection = get_connection("vidgo.kernel.web.mail.KeptBackend", stream=stream)
    for subject in ("Grüße", "Second"):
        message = EmailMultiAlternatives(
            subject, "Your link: https://x.example/1", to=["a@b.example"], bcc=["c@d.example"]
        )
        message.attach_alternative("<p>Your link</p>", "text/html")
        assert connection.send_messages([message]) == 1
    printed = stream.getvalue()
    assert "a@b.example, c@d.example" in printed
    assert "Grüße" in printed
    assert "https://x.example/1" in printed
    assert "<p>" not in printed
    older, newer = sorted((tmp_path / "mail").iterdir())
    assert older.suffix == ".eml"
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700
    assert stat.S_IMODE(newer.stat().st_mode) == 0o600
    assert message_from_bytes(newer.read_bytes())["Subject"] == "Second"
    assert b"<p>Your link</p>" in newer.read_bytes()
