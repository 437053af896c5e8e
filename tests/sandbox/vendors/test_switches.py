"""The control paths of the local vendors: fault switches, and the record of accepted work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.vendors import bfl, fal, replicate
from sandbox.vendors.server import Vendors
from sandbox.vendors.shop import Switches

TEXT = "fal-ai/flux-pro/kontext/text-to-image"


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors() as running:
        yield running


def switch(vendors: Vendors, values: dict[str, Any]) -> requests.Response:
    return requests.post(f"{vendors.url}/_switch", json=values, timeout=10)


def start(vendors: Vendors, name: str) -> requests.Response:
    """Start the same work with a vendor."""
    path, headers, body = {
        "bfl": ("/v1/flux-kontext-pro", {"x-key": bfl.KEY}, {"prompt": "a fox"}),
        "fal": (f"/{TEXT}", {"Authorization": f"Key {fal.KEY}"}, {"prompt": "a fox"}),
        "replicate": (
            "/v1/models/black-forest-labs/flux-kontext-pro/predictions",
            {"Authorization": f"Bearer {replicate.KEY}"},
            {"input": {"prompt": "a fox"}},
        ),
    }[name]
    return requests.post(f"{vendors.url}/{name}{path}", json=body, headers=headers, timeout=10)


def test_two_servers_have_their_own_port_and_state(vendors: Vendors) -> None:
    with Vendors() as other:
        assert other.url != vendors.url
        assert start(other, "bfl").status_code == 200
        assert other.shops["bfl"].bought()["taken"] == 1
        assert vendors.shops["bfl"].bought()["taken"] == 0


def test_a_switch_changes_one_vendor_until_it_is_reset(vendors: Vendors) -> None:
    answer = switch(vendors, {"fal": {"crash": 1}})
    assert answer.json()["fal"]["crash"] == 1
    assert [start(vendors, name).status_code for name in ("bfl", "fal")] == [200, 503]
    assert switch(vendors, {"fal": None}).json()["fal"] == vars(Switches())
    assert start(vendors, "fal").status_code == 200


def test_all_means_every_vendor(vendors: Vendors) -> None:
    switch(vendors, {"all": {"throttle": 1, "retry_after_seconds": 7}})
    for name in ("bfl", "fal", "replicate"):
        answer = start(vendors, name)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    "values", [{"nobody": {}}, {"fal": {"no_such_switch": 1}}, ["fal"], {"fal": 3}]
)
def test_an_unknown_switch_is_refused_and_changes_nothing(vendors: Vendors, values: Any) -> None:
    answer = switch(vendors, values)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert switch(vendors, {}).json() == dict.fromkeys(vendors.shops, vars(Switches()))


def test_a_fault_of_probability_one_half_happens_about_half_the_time(vendors: Vendors) -> None:
    switch(vendors, {"bfl": {"crash": 0.5}})
    crashed = sum(start(vendors, "bfl").status_code == 503 for _ in range(40))
    assert 8 < crashed < 32


def test_work_is_counted_as_accepted_and_billed_only_if_it_succeeds(vendors: Vendors) -> None:
    start(vendors, "replicate")
    switch(vendors, {"replicate": {"moderate": 1}})
    start(vendors, "replicate")
    switch(vendors, {"replicate": {"moderate": 0, "gateway": 1}})
    assert start(vendors, "replicate").status_code == 504  # the answer is lost, the work is not
    bought = requests.get(f"{vendors.url}/_bought", timeout=10).json()["replicate"]
    assert (bought["taken"], bought["bought"]) == (3, 2)
    assert [work["outcome"] for work in bought["works"]] == ["ready", "moderated", "ready"]
    vendors.reset()
    assert requests.get(f"{vendors.url}/_bought", timeout=10).json()["replicate"]["taken"] == 0


def test_work_above_the_concurrency_limit_is_refused(vendors: Vendors) -> None:
    switch(vendors, {"bfl": {"concurrency": 1, "work_seconds": 60}})
    assert [start(vendors, "bfl").status_code for _ in range(2)] == [200, 429]
