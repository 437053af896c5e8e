"""The members' playground: a form for the API's submit, with errors beside the fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Organization, User
from billing import ledger_checks, wallets
from billing.models import LedgerEntry, Wallet
from generation import catalog
from generation.models import Job, Upload
from generation.playground import samples
from generation.storage import files
from tests import factories
from tests.reading import check, count_queries, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/playground"
FORM = {
    "task": "text-to-image",
    "tier": "pro",
    "prompt": "a red fox at dawn",
    "size": "16:9",
    "output_format": "jpg",
}
EDIT = {**FORM, "task": "image-to-image", "tier": "max", "prompt": "make it winter"}


def post(client: Client, **values: Any) -> Any:
    return client.post(PAGE, {**FORM, **values})


def image(content: bytes | None = None, name: str = "cat.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.png() if content is None else content)


def complaints(answer: Any) -> dict[str, str]:
    """Return the errors by the id of their field."""
    check(answer)
    text = answer.content.decode()
    found = re.findall(r'class="field__error" id="id_(\w+)_error">(.*?)</div></div>', text, re.S)
    found += [("", each) for each in re.findall(r'role="alert">(.*?)</div>', text, re.S)]
    return {name: " ".join(re.sub(r"<[^>]*>", " ", each).split()) for name, each in found}


def checked(page: Any) -> list[str]:
    """Return the checked values of the form."""
    names = ("task", "tier", "size", "output_format")
    return [
        str(each["value"])
        for each in page.all("input", type="radio")
        if "checked" in each and each["name"] in names
    ]


def value_of(page: Any, name: str) -> str:
    """Return the value of a field."""
    (field,) = page.all("input", name=name)
    return str(field.get("value") or "")


# The form ----------------------------------------------------------------------------------------


def test_it_offers_what_the_catalog_sells(alice_client: Client, wallet: Wallet) -> None:
    page = read(alice_client, PAGE)
    offered = {
        str(tier[f"data-model-{task}"]): str(tier[f"data-credits-{task}"])
        for tier in page.all("input", name="tier")
        for task in ("text-to-image", "image-to-image")
    }
    assert offered == {
        model.id: str(model.price_credits) for model in catalog.load().models.values()
    }
    assert [found["value"] for found in page.all("input", name="size")] == [
        size.name for size in catalog.load().listed_sizes
    ]
    assert [found["value"] for found in page.all("input", name="output_format")] == ["png", "jpg"]


def test_the_price_of_each_tier_can_be_read_without_any_script(
    alice_client: Client, wallet: Wallet
) -> None:
    text = alice_client.get(PAGE).content.decode()
    assert "10 credits · $0.05" in text
    assert "20 credits · $0.10" in text


def test_the_first_time_it_is_filled_in_with_the_sample_and_later_it_is_not(
    alice_client: Client, organization: Organization, alice: User
) -> None:
    model = catalog.get_model("flux-kontext-pro")
    sample = samples.of(model)
    first = alice_client.get(PAGE).content.decode()
    assert f">\n{sample.prompt}</textarea>" in first
    assert "Submit your own request to replace the sample." in first
    factories.finished(organization=organization, created_by=alice)
    assert f">\n{sample.prompt}</textarea>" not in alice_client.get(PAGE).content.decode()


def test_only_what_one_has_made_here_is_listed(
    alice_client: Client, organization: Organization, alice: User, bob: User
) -> None:
    factories.finished(organization=organization, created_by=alice, prompt="made by alice")
    factories.finished(organization=organization, created_by=bob, prompt="made by bob")
    factories.finished(organization=organization, prompt="made by a key")
    text = alice_client.get(PAGE).content.decode()
    assert "made by alice" in text
    assert "made by bob" not in text
    assert "made by a key" not in text


def test_the_page_takes_as_many_queries_for_one_job_as_for_ten(
    alice_client: Client, organization: Organization, alice: User
) -> None:
    factories.finished(organization=organization, created_by=alice)
    few = count_queries(alice_client, PAGE)
    for _ in range(9):
        factories.finished(organization=organization, created_by=alice)
    assert count_queries(alice_client, PAGE) == few
    assert few <= 8


# Running -----------------------------------------------------------------------------------------


def test_a_request_becomes_a_paid_job_beside_the_form(
    alice_client: Client, organization: Organization, alice: User, wallet: Wallet
) -> None:
    answer = post(alice_client)
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{PAGE}?job={job.public_id}#result",
    )
    assert (job.organization, job.created_by, job.api_key) == (organization, alice, None)
    assert (job.model, job.prompt, job.size, job.output_format) == (
        "flux-kontext-pro",
        "a red fox at dawn",
        "16:9",
        "jpg",
    )
    assert wallets.balance_of(organization=organization).balance_credits == 990
    assert LedgerEntry.objects.get(kind="charge").actor == alice.email
    assert ledger_checks.check() == []
    page = read(alice_client, f"{PAGE}?job={job.public_id}")
    assert checked(page) == ["text-to-image", "pro", "16:9", "jpg"]
    (result,) = page.all("section", id="result")
    assert result["hx-get"] == reverse("playground_live", args=[job.public_id])


@pytest.mark.parametrize("model", list(catalog.load().models.values()), ids=lambda each: each.id)
def test_the_displayed_price_is_charged(
    alice_client: Client, organization: Organization, wallet: Wallet, model: catalog.Model
) -> None:
    page = read(alice_client, PAGE)
    (tier,) = page.all("input", name="tier", value=model.tier)
    assert post(alice_client, **samples.filled_in(model)).status_code == 302
    left = wallets.balance_of(organization=organization).balance_credits
    assert Job.objects.get().model == model.id
    assert 1000 - left == int(str(tier[f"data-credits-{model.task}"]))


def test_a_form_that_names_the_model_itself_is_understood(
    alice_client: Client, wallet: Wallet
) -> None:
    asked = {"model": "flux-kontext-max", "prompt": "a red fox"}
    assert alice_client.post(PAGE, asked).status_code == 302
    assert Job.objects.get().model == "flux-kontext-max"


def test_a_prompt_of_many_lines_has_as_many_characters_as_its_field_counts(
    alice_client: Client, wallet: Wallet
) -> None:
    assert post(alice_client, prompt="line\r\n" * 399 + "line!").status_code == 302
    assert Job.objects.get().prompt == "line\n" * 399 + "line!"


def test_a_seed_is_passed_on(alice_client: Client, wallet: Wallet) -> None:
    assert post(alice_client, seed=" 42 ").status_code == 302
    assert Job.objects.get().seed == 42


@pytest.mark.parametrize(
    ("changed", "field", "complaint"),
    [
        ({"prompt": ""}, "prompt", "This must not be empty."),
        ({"prompt": "x" * 2001}, "prompt", "This has 2,001 characters; at most 2,000 are allowed."),
        ({"size": "5:4"}, "size", "This must be one of: 1:1, 4:3"),
        ({"output_format": "bmp"}, "output_format", "This must be one of: png, jpg."),
        ({"tier": "mini"}, "tier", "There is no such model."),
        ({"task": ""}, "tier", "There is no such model."),
        ({"seed": "-1"}, "seed", "This must be a whole number from 0 to 2147483647."),
        ({"seed": "٣"}, "seed", "This must be a whole number"),
        ({"seed": "9" * 40}, "seed", "This must be a whole number"),
        (EDIT, "image", "Upload the image to edit, or enter its URL."),
        ({**EDIT, "image_url": "http://10.0.0.1/x.png"}, "image_url", "The URL must not lead"),
        ({**EDIT, "image_url": "no address"}, "image_url", "This is not an absolute URL."),
    ],
)
def test_a_refusal_stands_beside_its_field_and_costs_nothing(
    alice_client: Client, wallet: Wallet, changed: dict[str, str], field: str, complaint: str
) -> None:
    found = complaints(post(alice_client, **changed))
    assert list(found) == [field]
    assert found[field].startswith(complaint)
    assert not Job.objects.exists()
    assert not LedgerEntry.objects.filter(kind="charge").exists()


def test_a_refused_form_keeps_what_was_typed(alice_client: Client, wallet: Wallet) -> None:
    answer = post(alice_client, size="5:4", prompt="<b>keep me</b>", tier="max", seed="7")
    assert "&lt;b&gt;keep me&lt;/b&gt;</textarea>" in answer.content.decode()
    page = check(answer)
    assert checked(page) == ["text-to-image", "max", "jpg"]
    assert value_of(page, "seed") == "7"


def test_a_suspended_organization_gets_an_explanation(
    alice_client: Client, organization: Organization, wallet: Wallet
) -> None:
    organizations.suspend(organization=organization, actor=SYSTEM)
    answer = post(alice_client)
    assert "This organization is suspended. Please contact support." in complaints(answer)[""]
    assert not Job.objects.exists()


# Run once ----------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_runs_once(
    alice_client: Client, organization: Organization, wallet: Wallet
) -> None:
    token = value_of(read(alice_client, PAGE), "token")
    first, second = post(alice_client, token=token), post(alice_client, token=token)
    assert first.headers["Location"] == second.headers["Location"]
    assert Job.objects.count() == 1
    assert wallets.balance_of(organization=organization).balance_credits == 990
    text = alice_client.get(second.headers["Location"]).content.decode()
    assert "You just ran this." in text


def test_an_upload_that_is_sent_twice_is_edited_once(alice_client: Client, wallet: Wallet) -> None:
    token = value_of(read(alice_client, PAGE), "token")
    for _ in range(2):
        assert post(alice_client, **EDIT, image=image(), token=token).status_code == 302
    assert Job.objects.count() == 1
    assert Upload.objects.count() == 1


def test_a_form_changed_after_going_back_is_another_request(
    alice_client: Client, wallet: Wallet
) -> None:
    token = value_of(read(alice_client, PAGE), "token")
    post(alice_client, token=token)
    post(alice_client, token=token, prompt="a blue fox")
    post(alice_client, **EDIT, image=image(), token=token)
    post(alice_client, **EDIT, image=image(factories.png(color="#000000")), token=token)
    assert Job.objects.count() == 4


def test_each_rendered_form_is_a_new_request(alice_client: Client, wallet: Wallet) -> None:
    for _ in range(2):
        post(alice_client, token=value_of(read(alice_client, PAGE), "token"))
    assert Job.objects.count() == 2


def test_a_token_is_worth_nothing_in_another_organization(
    alice_client: Client, charlie_client: Client, other_organization: Organization, wallet: Wallet
) -> None:
    factories.credits(organization=other_organization, amount=100)
    token = value_of(read(alice_client, PAGE), "token")
    mine, other = post(alice_client, token=token), post(charlie_client, token=token)
    assert mine.headers["Location"] != other.headers["Location"]
    assert Job.objects.filter(organization=other_organization).count() == 1


# Without credits ---------------------------------------------------------------------------------


def test_without_credits_nothing_is_stored_and_the_page_offers_to_pay(
    alice_client: Client, organization: Organization
) -> None:
    factories.credits(organization=organization, amount=9)
    answer = post(alice_client, prompt="keep me")
    (complaint,) = complaints(answer).values()
    assert "costs 10 credits" in complaint
    assert not Job.objects.exists()
    assert wallets.balance_of(organization=organization).balance_credits == 9
    packs = [each["value"] for each in check(answer).all("button", name="pack")]
    assert packs == ["500", "2000", "5000", "10000"]
    # One comes back from paying to what one had typed, and can run it.
    factories.credits(organization=organization, amount=1)
    page = alice_client.get(PAGE).content.decode()
    assert "keep me</textarea>" in page
    assert "Add credits" not in page
    assert post(alice_client, prompt="keep me").status_code == 302
    assert "keep me</textarea>" not in alice_client.get(PAGE).content.decode()


def test_an_uploaded_image_waits_for_the_payment_too(
    alice_client: Client, organization: Organization
) -> None:
    post(alice_client, **EDIT, image=image())
    page = read(alice_client, PAGE)
    assert files.find_name(value_of(page, "image_url")) == Upload.objects.get().file
    assert checked(page) == ["image-to-image", "max", "16:9", "jpg"]


def test_a_role_that_cannot_buy_learns_who_can(bob_client: Client) -> None:
    text = bob_client.get(PAGE).content.decode()
    assert "Your role can't buy credits." in text
    assert 'name="pack"' not in text


# The image of an edit ----------------------------------------------------------------------------


def test_an_uploaded_image_is_edited(
    alice_client: Client, organization: Organization, wallet: Wallet
) -> None:
    assert post(alice_client, **EDIT, image=image()).status_code == 302
    job, upload = Job.objects.get(), Upload.objects.get()
    assert (upload.organization, upload.original_name) == (organization, "cat.png")
    assert files.find_name(job.image_url) == upload.file
    assert job.image_file


def test_an_upload_goes_before_an_address(alice_client: Client, wallet: Wallet) -> None:
    given = {**EDIT, "image_url": "https://example.com/x.png", "image": image()}
    assert post(alice_client, **given).status_code == 302
    assert files.find_name(Job.objects.get().image_url) == Upload.objects.get().file


def test_an_upload_need_not_be_chosen_again_after_a_refusal(
    alice_client: Client, wallet: Wallet
) -> None:
    answer = post(alice_client, **{**EDIT, "prompt": ""}, image=image())
    assert list(complaints(answer)) == ["prompt"]
    address = value_of(check(answer), "image_url")
    assert files.find_name(address) == Upload.objects.get().file
    assert check(answer).all("img", alt="The image that will be edited")
    assert post(alice_client, **EDIT, image_url=address).status_code == 302
    assert Upload.objects.count() == 1


def test_the_sample_can_be_edited_as_it_stands(alice_client: Client, wallet: Wallet) -> None:
    """It is read from disk: this installation would refuse to fetch its own URL."""
    typed = samples.filled_in(catalog.get_model("flux-kontext-pro-edit"))
    assert post(alice_client, **typed).status_code == 302
    assert files.find_name(Job.objects.get().image_url) == Upload.objects.get().file


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no image at all", "This is not"),
        (factories.png()[:60], ""),
        (b"", "The file is empty."),
    ],
)
def test_a_file_that_is_no_image_is_refused_beside_the_upload(
    alice_client: Client, wallet: Wallet, content: bytes, complaint: str
) -> None:
    found = complaints(post(alice_client, **EDIT, image=image(content)))
    assert list(found) == ["image"]
    assert complaint in found["image"] or complaint == "This is not"
    assert not Upload.objects.exists()
    assert not Job.objects.exists()


def test_a_person_uploads_no_more_than_a_key_may(
    alice_client: Client, wallet: Wallet, settings: Settings
) -> None:
    settings.RATE_LIMIT_UPLOADS_PER_MINUTE = 2
    for color in ("#000000", "#111111"):
        post(alice_client, **EDIT, image=image(factories.png(color=color)))
    found = complaints(post(alice_client, **EDIT, image=image()))
    assert found["image"].startswith("Too many uploads: the limit is 2 per minute.")
    assert Upload.objects.count() == 2


def test_a_model_that_takes_no_image_ignores_one(alice_client: Client, wallet: Wallet) -> None:
    answer = post(alice_client, image=image(), image_url="https://example.com/x.png")
    assert answer.status_code == 302
    assert Job.objects.get().image_url == ""
    assert not Upload.objects.exists()
