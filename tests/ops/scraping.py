"""Parsing of /metrics."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def parse(content: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return each value by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


class Scrape:
    """One response of /metrics."""

    def __init__(self, content: bytes) -> None:
        self.samples = parse(content)

    def __call__(self, name: str, **labels: Any) -> float | None:
        """Return a value, or None."""
        return self.samples.get((name, frozenset(labels.items())))

    @property
    def names(self) -> set[str]:
        """Return the names of all metrics."""
        return {name for name, _ in self.samples}
