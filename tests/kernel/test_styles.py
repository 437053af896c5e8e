"""The stylesheets: readable in both themes, made of tokens, and self-hosted."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
TOKENS = (STATIC / "css/tokens.css").read_text()
THEMES = {"light": 0, "dark": 1}

# Text and its background, WCAG 2.2 AA: 4.5 to 1.
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("paper", "surface")),
    *(("ink-2", ground) for ground in ("sunken", "hover")),
    ("ink-3", "sunken"),
    ("on-solid", "solid"),
    ("on-solid", "solid-hover"),
    ("on-bad", "bad"),
    ("on-bad", "bad-hover"),
    ("on-accent-soft", "accent-soft"),
    ("on-accent-pale", "accent-pale"),
    *((state, f"{state}-soft") for state in ("good", "busy", "bad", "notice", "waiting")),
    *((state, "surface") for state in ("good", "bad")),
    *((f"code-{tone}", "code-ground") for tone in ("ink", "quiet", "bright", "good")),
]
# Graphics and their background: 3 to 1.
DRAWN = [("edge", "surface"), ("edge", "paper"), ("accent", "paper"), ("accent", "surface")]


def color(name: str, theme: str) -> tuple[float, ...]:
    """Return a token's red, green and blue in a theme, from 0 to 1."""
    (value,) = re.findall(rf"--{name}: (.*?);", TOKENS)
    found = re.findall(r"#([0-9a-f]{6})", value)
    chosen = found[THEMES[theme]] if len(found) == 2 else found[0]
    return tuple(int(chosen[place : place + 2], 16) / 255 for place in (0, 2, 4))


def luminance(rgb: tuple[float, ...]) -> float:
    """Return the relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str, theme: str) -> float:
    lighter, darker = sorted((luminance(color(name, theme)) for name in (one, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_readable_in_both_themes(theme: str) -> None:
    found = {pair: round(contrast(*pair, theme), 2) for pair in TEXT}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_borders_and_icons_are_visible_in_both_themes(theme: str) -> None:
    found = {pair: round(contrast(*pair, theme), 2) for pair in DRAWN}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 3} == {}


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert luminance((1.0, 1.0, 1.0)) == pytest.approx(1.0)
    assert luminance((0.0, 0.0, 0.0)) == 0.0


def test_a_component_names_tokens_and_no_colors() -> None:
    for path in (STATIC / "css/components").glob("*.css"):
        text = re.sub(r'url\("data:.*?"\)', "", path.read_text())
        assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{)|rgb\(|hsl\(", text) == [], path.name


def test_every_used_token_is_defined() -> None:
    decided = set(re.findall(r"(--[\w-]+):", TOKENS))
    for path in (STATIC / "css").rglob("*.css"):
        text = path.read_text()
        own = set(re.findall(r"(--[\w-]+):", text))
        assert set(re.findall(r"var\((--[\w-]+)", text)) <= decided | own, path.name


def test_every_static_file_in_a_template_exists() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        named = re.findall(r'{% static "([^"]+)" %}', text)
        named += re.findall(r'"/static/([^"]+)"', text)
        for name in named:
            assert finders.find(name), (path.name, name)


def test_every_stylesheet_and_script_of_ours_is_used() -> None:
    used = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    for path in [*(STATIC / "css").rglob("*.css"), *(STATIC / "js").rglob("*.js")]:
        assert str(path.relative_to(STATIC)) in used, path.name


def test_nothing_is_fetched_from_other_sites() -> None:
    for path in [*(STATIC / "css").rglob("*.css"), *(STATIC / "js").rglob("*.js")]:
        assert not re.findall(r"https?://(?!www\.w3\.org/)", path.read_text()), path.name


def test_vendored_files_are_what_their_list_says() -> None:
    folder = STATIC / "vendor"
    rows = re.findall(
        r"^\| `([^`]+)` .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M
    )
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("README.md", "LICENSE")
    ]
    assert {str(path.relative_to(folder)) for path in files} == {name for name, _ in rows}
    for name, checksum in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum
        assert (folder / name).parent.joinpath("LICENSE").exists()
