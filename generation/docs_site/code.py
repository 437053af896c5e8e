"""Syntax highlighting with CSS classes, for sample files and inline code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe
from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

FOLDER = Path(__file__).with_name("samples")
# File extension of a sample: the tab's label, and the name of the Pygments lexer.
LANGUAGES = {
    "sh": ("curl", "bash"),
    "py": ("Python", "python"),
    "mjs": ("JavaScript", "javascript"),
    "go": ("Go", "go"),
}
# Classes instead of inline styles, which the CSP refuses; see `components/docs_code.css`.
FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample in one language."""

    language: str
    extension: str
    html: SafeString


@cache
def highlight(*, text: str, language: str) -> SafeString:
    """Return code as HTML with a class for each token."""
    html = pygments_highlight(text.rstrip() + "\n", get_lexer_by_name(language), FORMATTER)
    return mark_safe(html.rstrip("\n"))  # noqa: S308  Pygments escapes


@cache
def samples_of(name: str) -> tuple[Sample, ...]:
    """Return a sample in each of its languages; raises `LookupError` if there is none."""
    found = [
        Sample(
            language=label,
            extension=extension,
            html=highlight(text=(FOLDER / f"{name}.{extension}").read_text(), language=lexer),
        )
        for extension, (label, lexer) in LANGUAGES.items()
        if (FOLDER / f"{name}.{extension}").exists()
    ]
    if not found:
        raise LookupError(f"no sample named {name}")
    return tuple(found)
