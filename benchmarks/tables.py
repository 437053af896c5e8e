"""The result as a table: each figure with its ceiling, its goal, and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import api, growth

Line = tuple[str, str, str, str]
P50_GOAL_MS, P95_GOAL_MS = 150, 400


def table(result: dict[str, Any]) -> str:
    """Return the result as a Markdown table."""
    sections: dict[str, Callable[[dict[str, Any]], Iterator[Line]]] = {
        "api": _api,
        "engine": _engine,
        "callbacks": _callbacks,
        "rest": _rest,
        "growth": _growth,
        "hostile": _hostile,
    }
    rows: list[Line] = [("what", "measured", "ceiling", "goal"), ("---", "---", "---", "---")]
    for name, lines in sections.items():
        if name in result:
            rows.extend(lines(result[name]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _goal(text: str, *, is_met: bool) -> str:
    return f"{text}: {'met' if is_met else '**missed**'}"


def _rate(figure: dict[str, Any]) -> str:
    latency = (
        f"p50 {figure['p50_ms']} ms, p99 {figure['p99_ms']} ms"
        if "p50_ms" in figure
        else f"mean {figure['mean_ms']:.1f} ms"
    )
    return f"{figure['per_second']:,.0f}/s, {latency}"


def _api(result: dict[str, Any]) -> Iterator[Line]:
    for ours, ceiling, what in (("submit", "pgbench", "submit"), ("status", "bare", "status")):
        for connections, figure in result[ours].items():
            above = f"{ceiling} {_rate(result[ceiling][connections])}"
            yield f"{what}, {connections} connections", _rate(figure), above, ""
    for name, what, goal in (
        ("submit_ratio", "submit, share of pgbench with prepared statements", api.SUBMIT_GOAL),
        (
            "submit_to_simple_ratio",
            "submit, share of pgbench in the simple protocol",
            api.SUBMIT_GOAL,
        ),
        ("status_ratio", "status, share of the bare view", api.STATUS_GOAL),
    ):
        yield what, f"{result[name]}", "1", _goal(f"{goal}", is_met=result[name] >= goal)
    yield (
        "submit, one wallet, 16 connections",
        _rate(result["hot_wallet"]),
        f"pgbench {_rate(result['pgbench_hot_wallet'])}",
        "",
    )


def _engine(result: dict[str, Any]) -> Iterator[Line]:
    for rate, figure in result["steady"].items():
        p50, p95 = figure["overhead_p50_ms"], figure["overhead_p95_ms"]
        is_met = p50 <= P50_GOAL_MS and p95 <= P95_GOAL_MS
        yield (
            f"time above the provider's, {float(rate):g} jobs/s",
            f"p50 {p50} ms, p95 {p95} ms",
            f"provider {result['vendor_seconds']:g} s",
            _goal(f"{P50_GOAL_MS} and {P95_GOAL_MS} ms", is_met=is_met),
        )
    for jobs, figure in result["burst"].items():
        yield (
            f"{jobs} jobs at once on one worker process",
            f"{figure['most_in_flight']} in flight, {figure['jobs_per_second']}/s, "
            f"{figure['worker_process_mb']} MB",
            "",
            "",
        )


def _callbacks(result: dict[str, Any]) -> Iterator[Line]:
    yield "webhooks of one worker process", f"{result['per_second']:,.0f}/s", "", ""


def _rest(result: dict[str, Any]) -> Iterator[Line]:
    first, later = result["first_start_seconds"], result["next_start_seconds"]
    yield "`make run` until it answers", f"{first} s, later {later} s", "", ""
    memory = ", ".join(f"{name} {held} MB" for name, held in result["memory_mb"].items())
    yield "memory at rest", memory, "", ""


def _growth(result: dict[str, Any]) -> Iterator[Line]:
    above = result["above_goal"]
    yield (
        f"with {result['jobs']:,} jobs and {result['entries']:,} ledger entries",
        f"{result['median_growth']}×, {len(above)} of {len(result['lines'])} lines above the goal",
        "empty database",
        _goal(f"{growth.GOAL}×", is_met=not above),
    )
    for name, factor in above.items():
        line = result["lines"][name]
        yield f"— {name}", f"{line['large_ms']} ms", f"{line['small_ms']} ms", f"{factor}×"


def _hostile(result: dict[str, Any]) -> Iterator[Line]:
    for name, line in result["lines"].items():
        yield (
            f"hostile: {name}",
            f"{line['ratio']}× ({line['hostile_ms']} ms)",
            f"{line['honest_ms']} ms",
            _goal(f"{line['goal']}×", is_met=name not in result["above_goal"]),
        )
