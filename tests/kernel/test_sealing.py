"""Sealing: only the installation's own keys unseal a secret, each for its own purpose."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from vidgo.kernel.db.sealing import Sealer, Unreadable

SEALER = Sealer("tests")
SECRET = b"\x00open sesame\xff"


def test_what_is_sealed_is_not_readable_and_unseals_to_the_same() -> None:
    sealed = SEALER.seal(SECRET)
    assert sealed.startswith(SEALER.prefix)
    assert "sesame" not in sealed
    assert SEALER.seal(SECRET) != sealed
    assert SEALER.unseal(sealed) == SECRET


def test_a_former_key_works_until_it_is_removed(settings: Settings) -> None:
    sealed = SEALER.seal(SECRET)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "n" * 60
    assert SEALER.unseal(sealed) == SECRET
    assert not sealed.startswith(SEALER.prefix)
    resealed = SEALER.reseal(sealed)
    assert resealed.startswith(SEALER.prefix)
    settings.SECRET_KEY_FALLBACKS = []
    assert SEALER.unseal(resealed) == SECRET
    with pytest.raises(Unreadable):
        SEALER.unseal(sealed)


@pytest.mark.parametrize(
    "damage", ["", ".", "nonsense", "a.b", "é", "{prefix}", "{prefix}é", "{sealed}x"]
)
def test_what_is_damaged_is_unreadable(damage: str) -> None:
    sealed = SEALER.seal(SECRET)
    with pytest.raises(Unreadable):
        SEALER.unseal(damage.format(prefix=SEALER.prefix, sealed=sealed[:-1]))


def test_another_purpose_unseals_nothing() -> None:
    sealed = SEALER.seal(SECRET)
    other = Sealer("others")
    for given in (sealed, other.prefix + sealed.removeprefix(SEALER.prefix)):
        with pytest.raises(Unreadable):
            other.unseal(given)
