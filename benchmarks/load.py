"""`python -m benchmarks.load`: a closed-loop HTTP client that uses very little CPU.

Each connection sends a request, reads the response and sends the next one, with keep-alive. Reads
a `Plan` as JSON from stdin, and writes the figures to stdout.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

END_OF_HEADERS = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: random ones of these requests, over some connections for some seconds."""

    port: int
    requests: list[str]
    connections: int
    seconds: float
    warm_up_seconds: float = 2.0


@dataclass(slots=True)
class Seen:
    """The responses after the warm-up; latencies are in seconds."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)


def request(
    method: str, path: str, *, host: str, key: str = "", body: dict[str, Any] | None = None
) -> str:
    """Return the text of a request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    content = "" if body is None else json.dumps(body)
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + content


async def run(plan: Plan) -> dict[str, Any]:
    """Run a plan; return requests per second, latencies in milliseconds, and statuses."""
    seen = Seen()
    messages = [each.encode() for each in plan.requests]
    counts_from = time.perf_counter() + plan.warm_up_seconds
    until = counts_from + plan.seconds
    await asyncio.gather(
        *(
            _connection(plan.port, messages, seen, counts_from, until)
            for _ in range(plan.connections)
        )
    )
    cuts = statistics.quantiles(seen.latencies, n=100) if len(seen.latencies) > 1 else [0.0] * 99
    return {
        "per_second": round(len(seen.latencies) / plan.seconds, 1),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "statuses": dict(seen.statuses),
    }


async def _connection(
    port: int, messages: list[bytes], seen: Seen, counts_from: float, until: float
) -> None:
    chance = random.Random(random.getrandbits(64))
    reader = writer = None
    while (now := time.perf_counter()) < until:
        if writer is None or reader is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(chance.choice(messages))
        headers = await reader.readuntil(END_OF_HEADERS)
        lowered = headers.lower()
        start = lowered.index(LENGTH) + len(LENGTH)
        await reader.readexactly(int(lowered[start : lowered.index(b"\r\n", start)]))
        ended = time.perf_counter()
        if counts_from <= now and ended <= until:
            seen.latencies.append(ended - now)
            seen.statuses[headers[9:12].decode()] += 1
        if b"connection: close" in lowered:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


def main() -> None:
    """Run the plan on stdin."""
    plan = Plan(**json.load(sys.stdin))
    sys.stdout.write(json.dumps(asyncio.run(run(plan))))


def as_json(plan: Plan) -> str:
    """Return a plan as `main` reads it."""
    return json.dumps(asdict(plan))


if __name__ == "__main__":
    main()
