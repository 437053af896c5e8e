"""Code on the pages: samples kept as files, and any text, highlighted with classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

FOLDER = Path(__file__).with_name("samples")
# By the ending of a sample's file: what the tab says, and Pygments' name of the language.
LANGUAGES = {
    "sh": ("curl", "bash"),
    "py": ("Python", "python"),
    "mjs": ("JavaScript", "javascript"),
    "go": ("Go", "go"),
}
# A strict policy refuses styles in elements; `components/docs_code.css` knows the classes.
FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample in one language."""

    language: str
    ending: str
    html: SafeString


@cache
def highlight(*, text: str, language: str) -> SafeString:
    """Return code as HTML in which each token has a class."""
    html = pygments_highlight(text.rstrip() + "\n", get_lexer_by_name(language), FORMATTER)
    return mark_safe(html.rstrip("\n"))  # noqa: S308  Pygments escapes


@cache
def samples_of(name: str) -> tuple[Sample, ...]:
    """Return a sample in every language it is written in; raises `LookupError` without any."""
    found = [
        Sample(
            language=word,
            ending=ending,
            html=highlight(text=(FOLDER / f"{name}.{ending}").read_text(), language=lexer),
        )
        for ending, (word, lexer) in LANGUAGES.items()
        if (FOLDER / f"{name}.{ending}").exists()
    ]
    if not found:
        raise LookupError(f"no sample is called {name}")
    return tuple(found)
