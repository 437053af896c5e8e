"""Settings: each one is documented, and a wrong value is refused without revealing a secret."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vidgo import env

ROOT = Path(settings.BASE_DIR)
IN_EXAMPLE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
IN_TABLE = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|", re.MULTILINE)


@pytest.fixture(scope="module")
def read() -> frozenset[str]:
    """Return the names that the settings read when they were loaded."""
    assert settings.SECRET_KEY
    return frozenset(name for name in env.READ if not name.startswith("TEST_"))


@pytest.mark.parametrize(
    ("document", "pattern"), [(".env.example", IN_EXAMPLE), ("docs/settings.md", IN_TABLE)]
)
def test_every_setting_is_documented_once_and_nothing_else_is(
    read: frozenset[str], document: str, pattern: re.Pattern[str]
) -> None:
    names = pattern.findall((ROOT / document).read_text())
    assert sorted(names) == sorted(read)


def test_settings_read_the_environment_only_through_env() -> None:
    source = (ROOT / "vidgo/settings.py").read_text()
    assert "os.environ" not in source
    assert "getenv" not in source


@pytest.mark.parametrize("raw", [None, "", "  "])
def test_an_empty_variable_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, raw: str | None
) -> None:
    if raw is not None:
        monkeypatch.setenv("TEST_VALUE", raw)
    assert env.text("TEST_VALUE", "default") == "default"
    assert env.integer("TEST_VALUE", 7) == 7
    assert env.names("TEST_VALUE") == ()
    assert "TEST_VALUE" in env.READ


def test_each_reader_returns_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, raw in {
        "TEST_TEXT": " text ",
        "TEST_INTEGER": "12",
        "TEST_SECONDS": "0.5",
        "TEST_YES": "Yes",
        "TEST_NO": "0",
        "TEST_NAMES": "a, b,,c",
        "TEST_URL": "https://vidgo.example/",
    }.items():
        monkeypatch.setenv(name, raw)
    assert env.text("TEST_TEXT") == "text"
    assert env.integer("TEST_INTEGER", 1) == 12
    assert env.seconds("TEST_SECONDS", 1) == 0.5
    assert env.boolean("TEST_YES", False) is True
    assert env.boolean("TEST_NO", True) is False
    assert env.names("TEST_NAMES") == ("a", "b", "c")
    assert env.url("TEST_URL", "") == "https://vidgo.example"


def test_a_wrong_value_is_refused_with_its_name_and_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_VALUE", "-3")
    with pytest.raises(ImproperlyConfigured, match=r"TEST_VALUE='-3'.*at least 1"):
        env.integer("TEST_VALUE", 1, minimum=1)
    with pytest.raises(ImproperlyConfigured, match=r"TEST_VALUE='-3'.*at least 0 seconds"):
        env.seconds("TEST_VALUE", 1)
    with pytest.raises(ImproperlyConfigured, match=r"TEST_VALUE='-3'.*true or false"):
        env.boolean("TEST_VALUE", False)
    with pytest.raises(ImproperlyConfigured, match=r"TEST_VALUE='-3'.*one of a, b"):
        env.text("TEST_VALUE", choices=("a", "b"))
    with pytest.raises(ImproperlyConfigured, match=r"TEST_VALUE='-3'.*http"):
        env.url("TEST_VALUE", "")


@pytest.mark.parametrize("raw", ["nan", "inf", "ten"])
def test_seconds_are_finite_numbers(monkeypatch: pytest.MonkeyPatch, raw: str) -> None:
    monkeypatch.setenv("TEST_VALUE", raw)
    with pytest.raises(ImproperlyConfigured, match="TEST_VALUE"):
        env.seconds("TEST_VALUE", 1)


@pytest.mark.parametrize(("name", "former"), env.ALIASES.items())
def test_a_former_name_works_until_the_current_one_is_set(
    monkeypatch: pytest.MonkeyPatch, name: str, former: str
) -> None:
    monkeypatch.setenv(former, "1")
    assert env.text(name) == "1"
    monkeypatch.setenv(name, "2")
    assert env.text(name) == "2"


def test_a_secret_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "p,a=s's w\"ord")
    assert env.secret("TEST_SECRET") == "p,a=s's w\"ord"
