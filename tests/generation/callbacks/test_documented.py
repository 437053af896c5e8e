"""The code in docs/webhooks.md works as described."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from generation.callbacks import retry_schedule, signing

DOCUMENT = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
KEYS = (b"k" * 32, b"o" * 32)
BODY = '{"code":200,"data":{"prompt":"füchse"}}'.encode()


def code(language: str, *, containing: str) -> str:
    """Return the one code block of the document in a language that contains some text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    (found,) = (block for block in blocks if containing in block)
    return str(found)


def signed(*, keys: tuple[bytes, ...] = KEYS[:1], age_seconds: int = 0) -> dict[str, str]:
    timestamp = int(time.time()) - age_seconds
    return signing.headers(message_id="cb_1", timestamp=timestamp, body=BODY, keys=keys)


# Headers, made when the test runs, body, and whether they are genuine.
CASES: list[tuple[Callable[[], dict[str, str]], bytes, bool]] = [
    (signed, BODY, True),
    (lambda: signed(keys=(KEYS[1], KEYS[0])), BODY, True),
    (lambda: signed(keys=KEYS[1:]), BODY, False),
    (signed, BODY.replace(b"200", b"201"), False),
    (lambda: {**signed(), "webhook-id": "cb_2"}, BODY, False),
    (lambda: signed(age_seconds=400), BODY, False),
    (lambda: {**signed(), "webhook-signature": ""}, BODY, False),
    (dict, BODY, False),
]


@pytest.mark.parametrize(("headers", "body", "genuine"), CASES)
def test_the_python_code_rejects_forged_webhooks(
    monkeypatch: pytest.MonkeyPatch,
    headers: Callable[[], dict[str, str]],
    body: bytes,
    genuine: bool,
) -> None:
    monkeypatch.setenv("VIDGO_WEBHOOK_SECRET", signing.encode_key(KEYS[0]))
    names: dict[str, Any] = {}
    exec(code("python", containing="def is_genuine"), names)
    assert names["is_genuine"](body, headers()) is genuine


def test_the_python_code_with_the_library_answers_as_described(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIDGO_WEBHOOK_SECRET", signing.encode_key(KEYS[0]))
    seen: set[str] = set()
    tasks: list[Any] = []

    def is_new(message_id: str) -> bool:
        before = len(seen)
        seen.add(message_id)
        return len(seen) > before

    names: dict[str, Any] = {"is_new": is_new, "enqueue": tasks.append}
    exec(code("python", containing="WebhookVerificationError"), names)
    assert [names["receive"](BODY, signed()) for _ in range(2)] == [204, 204]
    assert names["receive"](BODY, signed(keys=KEYS[1:])) == 400
    assert tasks == [json.loads(BODY)["data"]]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_javascript_code_rejects_forged_webhooks(tmp_path: Path) -> None:
    cases = [[headers(), body.decode(), genuine] for headers, body, genuine in CASES]
    program = tmp_path / "verify.mjs"
    program.write_text(
        code("js", containing="isGenuine")
        + f"\nconst cases = {json.dumps(cases)};\n"
        + "console.log(JSON.stringify("
        + "cases.map(([headers, body, genuine]) => isGenuine(Buffer.from(body), headers))));\n"
    )
    done = subprocess.run(
        ["node", str(program)],
        env={"VIDGO_WEBHOOK_SECRET": signing.encode_key(KEYS[0]), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [genuine for _, _, genuine in CASES]


def test_the_document_has_the_actual_schedule() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    line = next(line for line in DOCUMENT.splitlines() if line.startswith("5 s · "))
    spans = [each.split() for each in line.split(" · ")]
    offsets = tuple(int(number) * units[unit] for number, unit in spans)
    assert offsets == retry_schedule.OFFSETS_SECONDS
