"""Adapters: the same behaviour for every vendor, whatever its API is like."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from PIL import Image

from generation import catalog
from generation.providers.base import Balance, Cancellation, Failure, FailureKind, Pending
from sandbox.vendors.pictures import PIXELS
from sandbox.vendors.server import Vendors
from tests.contracts.cases import Case, case_of, given_image
from vidgo.kernel import http

# What must not appear in a customer's error message.
INTERNALS = ("bfl", "black forest", "fal", "replicate", "http", "start:", "poll:", "vendor", "40")


def failed(vendor: Case, act: str = "start") -> Failure:
    """Start work, or start and poll it, and return the failure."""
    work = vendor.work()
    if act == "start":
        with pytest.raises(Failure) as caught:
            vendor.start(work)
    else:
        started = vendor.start(work)
        with pytest.raises(Failure) as caught:
            vendor.wait(started, work)
    return caught.value


# Success ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", ["png", "jpg"])
def test_text_becomes_an_image_in_the_requested_format(vendor: Case, output_format: str) -> None:
    ready, content = vendor.made(output_format=output_format)
    with Image.open(io.BytesIO(content)) as made:
        assert made.format == {"png": "PNG", "jpg": "JPEG"}[output_format]
    assert ready.seed == 7
    assert vendor.shop.bought()["bought"] == 1


def test_an_edit_sends_the_customers_image_and_the_requested_size(vendor: Case) -> None:
    _, content = vendor.made(image=given_image(), size="16:9")
    (piece,) = vendor.shop.pieces.values()
    assert piece.endpoint == vendor.edit
    assert piece.size == "16:9"
    assert {"input_image", "image_url"} & piece.input.keys()
    with Image.open(io.BytesIO(content)) as made:
        assert made.width > made.height


def test_each_model_of_the_catalog_is_made_in_each_size(vendor: Case) -> None:
    vendor.shop.set({"work_seconds": 0.0})
    for model in catalog.load().models.values():
        (offer,) = (each for each in model.offers if each.provider == vendor.name)
        for size in catalog.load().sizes:
            upstream = offer.upstream_size(size)
            image = given_image() if model.is_edit else None
            _, content = vendor.made(endpoint=offer.endpoint, size=upstream, image=image)
            with Image.open(io.BytesIO(content)) as made:
                across, down = PIXELS[upstream]
                assert abs(made.width / made.height / (across / down) - 1) < 0.02


def test_it_is_pending_until_it_is_ready(vendor: Case) -> None:
    vendor.shop.set({"work_seconds": 0.3})
    work = vendor.work()
    started = vendor.start(work)
    answer = vendor.poll(started, work)
    assert isinstance(answer, Pending)
    assert answer.progress is None or 0 <= answer.progress < 100
    assert vendor.wait(started, work)


def test_what_another_process_started_can_be_polled(vendor: Case, vendors: Vendors) -> None:
    work = vendor.work()
    started = vendor.start(work)
    assert case_of(vendor.name, vendors).wait(started, work)


def test_a_lost_start_is_found_if_the_vendor_lists_work(vendor: Case) -> None:
    vendor.shop.set({"drop_after": 1})
    work = vendor.work()
    assert failed(vendor).kind is FailureKind.OUTCOME_UNKNOWN
    found = http.run(vendor.provider.find(work))
    assert (found is not None) == vendor.finds
    if found is not None:
        vendor.shop.set({"drop_after": 0})
        assert vendor.wait(found, work)
        assert vendor.shop.bought()["taken"] == 1
        long_after = datetime.now(UTC) + timedelta(seconds=60)
        others = [
            vendor.work(seed=8),
            vendor.work(size="4:3"),
            vendor.work(image=given_image()),
            vendor.work(asked_at=long_after),
        ]
        assert [http.run(vendor.provider.find(other)) for other in others] == [None] * 4


def test_a_lost_start_is_found_behind_hundreds_of_others(vendors: Vendors) -> None:
    vendor = case_of("replicate", vendors)
    work = vendor.work(seed=99)
    started = vendor.start(work)
    for seed in range(250):
        vendor.shop.take(
            endpoint=work.endpoint, given={"prompt": "x", "seed": seed}, size="1:1", format="png"
        )
    found = http.run(vendor.provider.find(work))
    assert found == started


# Failure ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "kind", "taken"),
    [
        ("unauthorize", FailureKind.UNAUTHORIZED, 0),
        ("lock", FailureKind.UNAUTHORIZED, 0),
        ("run_out", FailureKind.NO_CREDIT, 0),
        ("throttle", FailureKind.THROTTLED, 0),
        ("crash", FailureKind.UNAVAILABLE, 0),
        ("drop_before", FailureKind.OUTCOME_UNKNOWN, 0),
        ("drop_after", FailureKind.OUTCOME_UNKNOWN, 1),
        ("malform", FailureKind.OUTCOME_UNKNOWN, 1),
        ("gateway", FailureKind.OUTCOME_UNKNOWN, 1),
    ],
)
def test_a_failed_start_says_whether_work_may_have_started(
    vendor: Case, switch: str, kind: FailureKind, taken: int
) -> None:
    vendor.shop.set({switch: 1, "retry_after_seconds": 7})
    failure = failed(vendor)
    assert failure.kind is kind
    assert failure.retry_after_seconds == (7 if switch == "throttle" else None)
    assert failure.detail
    # At most once: the client repeats nothing.
    assert vendor.shop.bought()["taken"] == taken
    if taken == 0:
        assert kind is not FailureKind.OUTCOME_UNKNOWN or switch == "drop_before"


def test_an_unreachable_vendor_has_started_nothing(vendors: Vendors) -> None:
    for name in vendors.shops:
        vendor = case_of(name, vendors)
        vendor.provider._base_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]
        assert failed(vendor).kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("switch", "kind"),
    [
        ("reject", FailureKind.INVALID_INPUT),
        ("moderate", FailureKind.MODERATED),
        ("fail", FailureKind.UNAVAILABLE),
        ("abort", FailureKind.UNAVAILABLE),
    ],
)
def test_refused_and_failed_work_ends_for_the_right_reason(
    vendor: Case, switch: str, kind: FailureKind
) -> None:
    vendor.shop.set({switch: 1})
    refused_at_start = switch == "reject" and vendor.name != "fal"
    failure = failed(vendor, "start" if refused_at_start else "poll")
    assert failure.kind is kind


@pytest.mark.parametrize("switch", ["poll_throttle", "poll_crash", "poll_drop", "poll_malform"])
def test_a_failed_poll_leaves_the_work_as_it_is(vendor: Case, switch: str) -> None:
    work = vendor.work()
    started = vendor.start(work)
    vendor.shop.set({switch: 1, "retry_after_seconds": 3})
    with pytest.raises(Failure) as caught:
        vendor.poll(started, work)
    assert caught.value.kind is FailureKind.OUTCOME_UNKNOWN
    assert caught.value.retry_after_seconds == (3 if switch == "poll_throttle" else None)
    vendor.shop.set({switch: 0})
    assert vendor.wait(started, work)
    assert vendor.shop.bought()["taken"] == 1


def test_an_account_refused_while_polling_is_unauthorized(vendor: Case) -> None:
    work = vendor.work()
    started = vendor.start(work)
    vendor.shop.set({"unauthorize": 1})
    with pytest.raises(Failure) as caught:
        vendor.poll(started, work)
    assert caught.value.kind is FailureKind.UNAUTHORIZED


def test_work_that_the_vendor_does_not_know_is_unavailable(vendor: Case) -> None:
    work = vendor.work()
    started = vendor.start(work)
    vendor.shop.pieces.clear()
    if vendor.name == "bfl":
        assert isinstance(vendor.poll(started, work), Pending)
        reference = json.loads(started.upstream_ref)
        reference["at"] -= 61
        started = started.__class__(upstream_ref=json.dumps(reference))
    with pytest.raises(Failure) as caught:
        vendor.poll(started, work)
    assert caught.value.kind is FailureKind.UNAVAILABLE


def test_a_result_that_has_expired_is_no_image(vendor: Case) -> None:
    work = vendor.work()
    started = vendor.start(work)
    vendor.wait(started, work)
    vendor.shop.set({"result_lives_seconds": -1})
    if vendor.name == "replicate":
        with pytest.raises(Failure) as caught:
            vendor.poll(started, work)
        assert caught.value.kind is FailureKind.UNAVAILABLE
    else:
        ready = vendor.wait(started, work)
        assert http.fetch_sync(url=ready.url, policy=http.VENDOR_RESULT).status in (403, 404)


def test_a_result_larger_than_any_image_is_not_read_to_the_end(vendor: Case) -> None:
    vendor.shop.set({"bloat_image": 1})
    if vendor.name == "replicate":
        assert failed(vendor, "poll").kind is FailureKind.UNAVAILABLE
    else:
        with pytest.raises(http.TooLarge):
            vendor.made()


def test_no_message_to_a_customer_names_a_vendor(vendor: Case) -> None:
    messages = []
    for switch in ("unauthorize", "run_out", "throttle", "crash", "gateway", "drop_before"):
        vendor.shop.set({switch: 1})
        messages.append(failed(vendor).message)
        vendor.shop.set({switch: 0})
    for switch in ("moderate", "fail", "abort"):
        vendor.shop.set({switch: 1})
        messages.append(failed(vendor, "poll").message)
        vendor.shop.set({switch: 0})
    assert not [text for text in messages if any(word in text.lower() for word in INTERNALS)]
    assert all(text.endswith(".") for text in messages)


# Cancel, balance, and where the key may go --------------------------------------------------------


def test_work_is_canceled_if_the_vendor_can(vendor: Case) -> None:
    vendor.shop.set({"work_seconds": 30})
    work = vendor.work()
    started = vendor.start(work)
    answer = http.run(vendor.provider.cancel(started.upstream_ref))
    assert answer is (Cancellation.CANCELED if vendor.cancels else Cancellation.IMPOSSIBLE)
    assert vendor.shop.bought()["bought"] == (0 if vendor.cancels else 1)


def test_finished_work_is_not_canceled(vendor: Case) -> None:
    vendor.shop.set({"work_seconds": 0})
    started = vendor.start(vendor.work())
    time.sleep(0.01)
    answer = http.run(vendor.provider.cancel(started.upstream_ref))
    assert answer is (Cancellation.TOO_LATE if vendor.cancels else Cancellation.IMPOSSIBLE)
    vendor.shop.pieces.clear()
    answer = http.run(vendor.provider.cancel(started.upstream_ref))
    assert answer is (Cancellation.TOO_LATE if vendor.cancels else Cancellation.IMPOSSIBLE)


def test_a_cancel_without_an_answer_is_an_unknown_outcome(vendor: Case) -> None:
    if not vendor.cancels:
        pytest.skip("there is no call that could go unanswered")
    vendor.shop.set({"work_seconds": 30})
    started = vendor.start(vendor.work())
    vendor.shop.set({"poll_drop": 1})
    with pytest.raises(Failure) as caught:
        http.run(vendor.provider.cancel(started.upstream_ref))
    assert caught.value.kind is FailureKind.OUTCOME_UNKNOWN


def test_the_balance_is_returned_if_the_vendor_reports_it(vendor: Case) -> None:
    vendor.shop.set({"credits": 12.5})
    balance = http.run(vendor.provider.balance())
    expected = Balance(amount=Decimal("12.5"), unit="credits") if vendor.name == "bfl" else None
    assert balance == expected


def test_the_cost_is_returned_if_the_vendor_reports_it(vendor: Case) -> None:
    cost = vendor.start(vendor.work()).cost_usd
    assert cost == (Decimal("0.04") if vendor.name == "bfl" else None)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "https://api.bfl.ai.evil.example/",
        "https://evil.example/queue.fal.run/",
        "https://api.bfl.ai@evil.example/",
        "https://evilbfl.ai/",
        "http://api.bfl.ai/",
        "http://queue.fal.run/",
        "https://api.bfl.ai:8443/",
        "https://rest.fal.run/",
        "//",
        "javascript://",
    ],
)
def test_a_url_elsewhere_is_never_called_with_the_key(vendor: Case, elsewhere: str) -> None:
    vendor.shop.set({"elsewhere": elsewhere})
    work = vendor.work()
    started = vendor.start(work)
    host = elsewhere.rstrip("/").rpartition("/")[2]
    assert not host or host not in started.upstream_ref
    # The work is not lost: it is polled at the base URL.
    assert vendor.wait(started, work)


def test_the_vendors_own_hosts_are_called(vendors: Vendors) -> None:
    for name, url, field in (
        ("bfl", "https://api.us1.bfl.ai/", "polling_url"),
        ("fal", "https://queue.falrun.com/", "status_url"),
        ("fal", "https://queue.fal.run/", "response_url"),
    ):
        vendor = case_of(name, vendors)
        vendor.shop.set({"elsewhere": url})
        started = vendor.start(vendor.work())
        assert json.loads(started.upstream_ref)[field].startswith(url)


def test_the_adapters_agree_with_the_engine_about_starting_again(vendor: Case) -> None:
    assert vendor.provider.may_start_again is False
    assert vendor.provider.concurrency > 0
    assert vendor.provider.name == vendor.name
