"""Schemathesis against our own OpenAPI document: whatever is sent, the answer is one it describes.

A few examples for each operation run with all other tests, many of them in the chaos run.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from pytest_django import Settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from accounts.models import Organization
from generation.models import Job
from tests import factories
from tests.kernel.network import Network
from vidgo.wsgi import application

pytestmark = pytest.mark.django_db

load_all_checks()
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OPERATIONS = 12


@pytest.fixture
def keys(
    organization: Organization, other_organization: Organization, network: Network
) -> dict[str, dict[str, str]]:
    """The headers of the three who call: one with our key, one with a stranger's, one with none."""
    for each in (organization, other_organization):
        factories.credits(organization=each, amount=1_000_000)
    return {"nobody": {}} | {
        who: {"Authorization": f"Bearer {factories.api_key(organization=owner).plaintext}"}
        # Ours comes last: what it cancels has not been canceled by the others before.
        for who, owner in (("theirs", other_organization), ("ours", organization))
    }


@pytest.fixture
def schema(settings: Settings) -> Iterator[Any]:
    """Our document, with our application to call."""
    # Nobody could end what is waited for inside the test's transaction.
    settings.WEB_WAITS = 0
    # As Django's own client of tests does: else each request would close the test's connection.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    schema = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)
    # Each case is sent with the keys of this test, and not with one that was made up.
    schema.config.generation.update(with_security_parameters=False)
    yield schema
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


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


def test_a_few_of_whatever_can_be_sent_are_answered_as_described(
    schema: Any, keys: dict[str, dict[str, str]], organization: Organization
) -> None:
    check(schema, keys, organization, examples=2)


@pytest.mark.chaos
def test_many_of_whatever_can_be_sent_are_answered_as_described(
    schema: Any, keys: dict[str, dict[str, str]], organization: Organization
) -> None:
    check(schema, keys, organization, examples=60)
