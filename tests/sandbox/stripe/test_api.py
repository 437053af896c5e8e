"""The API's dispatcher: keys, versions, errors, pagination, expansions."""

import base64
from typing import Any

import pytest
import requests
import stripe
from pytest_django.live_server_helper import LiveServer

from .conftest import session_params

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]


@pytest.mark.parametrize("key", ["sk_live_51abcdefgh", "pk_test_51abcdefgh", "nonsense"])
def test_only_secret_test_keys_are_accepted(client_of: Any, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key") as refused:
        client_of(key).v1.customers.list()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_a_request_without_a_key_gets_instructions(server: LiveServer) -> None:
    answer = requests.get(f"{server.url}/stripe-simulator/v1/customers", timeout=10)
    assert answer.status_code == 401
    assert "You did not provide an API key" in answer.json()["error"]["message"]


def test_a_key_may_come_as_basic_credentials(server: LiveServer) -> None:
    url = f"{server.url}/stripe-simulator/v1/customers"
    assert requests.get(url, auth=("sk_test_a", ""), timeout=10).status_code == 200
    broken = {"Authorization": "Basic " + base64.b64encode(b"\xff").decode()}
    assert requests.get(url, headers=broken, timeout=10).status_code == 401


def test_another_api_version_is_refused(client_of: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="endive only"):
        client_of(version="2025-01-27.acacia").v1.customers.list()


def test_every_answer_has_a_request_id(api: Any) -> None:
    made = api.customers.create()
    assert made.last_response.request_id.startswith("req_")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.retrieve("cus_nothing")
    assert refused.value.request_id is not None
    assert refused.value.request_id.startswith("req_")


def test_an_unknown_id_in_the_path_is_404_and_in_a_parameter_400(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.payment_intents.retrieve("pi_nothing")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.user_message == "No such payment_intent: 'pi_nothing'"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.list({"starting_after": "cus_nothing"})
    assert (refused.value.http_status, refused.value.param) == (400, "starting_after")


def test_an_unsupported_endpoint_is_an_unknown_url(api: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        api.products.list()
    assert refused.value.http_status == 404


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"foo": "bar"}, "foo"),
        ({"address": {"planet": "Mars"}}, "address[planet]"),
        ({"email": "nobody"}, "email"),
        ({"metadata": "text"}, "metadata"),
        ({"preferred_locales": "en"}, "preferred_locales"),
        ({"name": "x" * 300}, "name"),
        ({"name": {"first": "Alice"}}, "name"),
        ({"tax_exempt": "always"}, "tax_exempt"),
    ],
)
def test_wrong_parameters_are_named(api: Any, params: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.create(params)
    assert refused.value.param == param
    assert api.customers.list().data == []


def test_a_malformed_body_is_refused(server: LiveServer) -> None:
    url = f"{server.url}/stripe-simulator/v1/customers"
    headers = {"Authorization": "Bearer sk_test_a"}
    for kind, body in (
        ("application/json", b"{}"),
        ("application/x-www-form-urlencoded", b"email=\xff"),
        ("application/x-www-form-urlencoded", b"email[=a"),
        ("application/x-www-form-urlencoded", b"address=a&address[city]=b"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(2001))),
    ):
        answer = requests.post(
            url, headers={**headers, "Content-Type": kind}, data=body, timeout=10
        )
        assert answer.status_code == 400, body[:20]
        assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_list_is_read_page_by_page_in_both_directions(api: Any) -> None:
    made = [api.customers.create().id for _ in range(5)][::-1]

    first = api.customers.list({"limit": 2})
    assert ([row.id for row in first.data], first.has_more) == (made[:2], True)
    second = api.customers.list({"limit": 2, "starting_after": made[1]})
    assert ([row.id for row in second.data], second.has_more) == (made[2:4], True)
    last = api.customers.list({"limit": 2, "starting_after": made[3]})
    assert ([row.id for row in last.data], last.has_more) == (made[4:], False)
    back = api.customers.list({"limit": 2, "ending_before": made[4]})
    assert ([row.id for row in back.data], back.has_more) == (made[2:4], True)
    walked = api.customers.list({"limit": 2}).auto_paging_iter()
    assert [row.id for row in walked] == made


@pytest.mark.parametrize("limit", [0, 101])
def test_a_page_holds_one_to_a_hundred(api: Any, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.list({"limit": limit})
    assert refused.value.param == "limit"


def test_lists_are_expanded_row_by_row(api: Any, paid: Any) -> None:
    found = api.checkout.sessions.list(
        {"expand": ["data.payment_intent.latest_charge", "data.line_items"]}
    )
    (row,) = found.data
    assert row.payment_intent.latest_charge.paid is True
    assert row.line_items.data[0].amount_total == 500


@pytest.mark.parametrize("path", ["mode", "nothing", "a.b.c.d.e"])
def test_only_what_can_be_expanded_is(api: Any, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="expand") as refused:
        api.checkout.sessions.create(session_params(expand=[path]))
    assert refused.value.param == "expand"
    assert api.checkout.sessions.list().data == []
