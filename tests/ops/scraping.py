"""Reading what /metrics answers."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def parse(content: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return each number by the name and the labels it has."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for processes in text_string_to_metric_families(content.decode())
        for sample in processes.samples
    }


class Scrape:
    """One answer of /metrics."""

    def __init__(self, content: bytes) -> None:
        self.samples = parse(content)

    def __call__(self, name: str, **labels: Any) -> float | None:
        """Return a number, None where there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    @property
    def names(self) -> set[str]:
        """Return the names of all."""
        return {name for name, _ in self.samples}
