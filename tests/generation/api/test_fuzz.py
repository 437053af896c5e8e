"""Schemathesis against our own OpenAPI document: whatever is sent, the answer is one it describes.

A few examples for each operation run with all other tests, many of them in the chaos run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import Settings

from accounts.models import Organization
from tests import factories
from tests.kernel.network import Network

pytestmark = pytest.mark.django_db


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
    from tests.generation.api import fuzzing

    yield fuzzing.document()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_a_few_of_whatever_can_be_sent_are_answered_as_described(
    schema: Any, keys: dict[str, dict[str, str]], organization: Organization
) -> None:
    from tests.generation.api import fuzzing

    fuzzing.check(schema, keys, organization, examples=1)


@pytest.mark.chaos
def test_many_of_whatever_can_be_sent_are_answered_as_described(
    schema: Any, keys: dict[str, dict[str, str]], organization: Organization
) -> None:
    from tests.generation.api import fuzzing

    fuzzing.check(schema, keys, organization, examples=60)
