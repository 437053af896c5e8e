"""What the fuzz sends and how it checks the answers.

A module of its own, so that only the process that runs the fuzz loads schemathesis.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from accounts.models import Organization
from generation.models import Job
from tests import factories
from vidgo.wsgi import application

load_all_checks()
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = 12


def document() -> Any:
    """Return our document, with our application to call."""
    schema = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)
    # Each case is sent with the keys of this test, and not with one that was made up.
    schema.config.generation.update(with_security_parameters=False)
    return schema


def made(organization: Organization) -> list[Job]:
    """Return a job in each of its states."""
    return [
        factories.finished(organization=organization),
        factories.failed(organization=organization),
        factories.running(organization=organization),
        factories.job(organization=organization),
    ]


def run(
    schema: Any, *, keys: dict[str, dict[str, str]], examples: int, organization: Organization
) -> dict[str, dict[str, Counter[int]]]:
    """Send what the document allows and what it does not; return the answers, by operation."""
    answers: dict[str, dict[str, Counter[int]]] = {}
    tasks = made(organization)
    for result in schema.get_all_operations():
        operation = result.ok()
        counted = answers[operation.label] = {who: Counter() for who in keys}
        for mode in GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode)
            send(strategy, keys=keys, examples=examples, counted=counted)
        known: list[dict[str, str]] = []
        if "{task_id}" in operation.path:
            known = [{"task_id": job.public_id} for job in tasks]
        if "{model_id}" in operation.path:
            known = [{"model_id": "flux-kontext-pro"}]
        for parts in known:
            strategy = operation.as_strategy(path_parameters=parts)
            send(strategy, keys=keys, examples=1, counted=counted)
    return answers


def send(
    strategy: SearchStrategy[Case],
    *,
    keys: dict[str, dict[str, str]],
    examples: int,
    counted: dict[str, Counter[int]],
) -> None:
    """Send a number of requests, each as each of the three, and check each answer."""

    @seed(1)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def one(case: Case) -> None:
        for who, headers in keys.items():
            response = case.call(headers=headers)
            counted[who][response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

    # What takes no parameter cannot be asked for wrongly.
    with contextlib.suppress(Unsatisfiable):
        one()


def check(schema: Any, keys: dict[str, dict[str, str]], ours: Organization, examples: int) -> None:
    """Send requests as each of the three and check what each of them reaches."""
    answers = run(schema, keys=keys, examples=examples, organization=ours)
    assert len(answers) == OPERATIONS
    # These want a real image, which their own tests send.
    uploads = {f"POST /api/common/upload/{way}" for way in ("stream", "base64", "url")}
    for label, by_caller in answers.items():
        assert by_caller["ours"][200] or label in uploads, (label, by_caller)
        assert ("/v1/" in label) == (200 in by_caller["nobody"]), (label, by_caller)
        if "/v1/" not in label:
            assert set(by_caller["nobody"]) <= {401, 404, 405}, (label, by_caller)
        if "{task_id}" in label:
            assert set(by_caller["theirs"]) <= {404, 405}, (label, by_caller)
    assert set(answers["POST /api/generate/cancel/{task_id}"]["ours"]) >= {200, 404, 409}
