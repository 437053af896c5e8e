"""The playground: the API's submit behind a form, with its refusals beside the fields."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Organization, User
from billing import books, wallets
from billing.models import LedgerEntry, Wallet
from generation import catalog, files
from generation.models import Job, Upload
from tests import factories
from tests.pages.reading import check, read

pytestmark = pytest.mark.django_db

PAGE = "/dashboard/playground"
ORDER = {
    "model": "flux-kontext-pro",
    "prompt": "a red fox at dawn",
    "size": "16:9",
    "output_format": "jpg",
}
EDIT = {**ORDER, "model": "flux-kontext-max-edit", "prompt": "make it winter"}


def post(client: Client, **values: Any) -> Any:
    return client.post(PAGE, {**ORDER, **values})


def image(content: bytes | None = None, name: str = "cat.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, factories.png() if content is None else content)


def complaints(answer: Any) -> dict[str, str]:
    """Return what is wrong, by the id of the field it stands beside."""
    check(answer)
    text = answer.content.decode()
    found = re.findall(r'class="field__error" id="id_(\w+)_error">(.*?)</div></div>', text, re.S)
    found += [("", each) for each in re.findall(r'role="alert">(.*?)</div>', text, re.S)]
    return {name: " ".join(re.sub(r"<[^>]*>", " ", each).split()) for name, each in found}


def test_it_offers_what_the_catalog_sells(alice_client: Client, wallet: Wallet) -> None:
    page = read(alice_client, PAGE)
    models = {found["value"]: found for found in page.all("input", name="model")}
    assert {name: str(found["data-price"]) for name, found in models.items()} == {
        model.id: str(model.price_credits) for model in catalog.load().models.values()
    }
    assert {name for name, found in models.items() if "data-edits" in found} == {
        model.id for model in catalog.load().models.values() if model.is_edit
    }
    assert [found["value"] for found in page.all("input", name="size")] == [
        size.name for size in catalog.load().listed_sizes
    ]
    assert [found["value"] for found in page.all("input", name="output_format")] == ["png", "jpg"]
    checked = [found["value"] for found in page.all("input", type="radio") if "checked" in found]
    assert checked == ["flux-kontext-pro", "1:1", "png"]


def test_an_order_becomes_a_paid_job_and_leads_to_its_page(
    alice_client: Client, organization: Organization, alice: User, wallet: Wallet
) -> None:
    answer = post(alice_client)
    job = Job.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("job", args=[job.public_id]),
    )
    assert (job.organization, job.created_by, job.api_key) == (organization, alice, None)
    assert (job.model, job.prompt, job.size, job.output_format) == tuple(ORDER.values())
    assert wallets.balance_of(organization=organization).balance_credits == 990
    assert LedgerEntry.objects.get(kind="charge").actor == alice.email
    assert books.check() == []


@pytest.mark.parametrize(
    ("changed", "field", "complaint"),
    [
        ({"prompt": ""}, "prompt", "This must not be empty."),
        ({"prompt": "x" * 2001}, "prompt", "This has 2,001 characters; at most 2,000 are allowed."),
        ({"size": "5:4"}, "size", "This must be one of: 1:1, 4:3"),
        ({"output_format": "bmp"}, "output_format", "This must be one of: png, jpg."),
        ({"model": "dall-e"}, "model", "There is no such model."),
        ({"model": ""}, "model", "This field is required."),
        (EDIT, "image", "Upload the image to edit, or give its address."),
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
    answer = post(alice_client, size="5:4", prompt="<b>keep me</b>")
    assert "&lt;b&gt;keep me&lt;/b&gt;</textarea>" in answer.content.decode()
    checked = [
        each["value"] for each in check(answer).all("input", type="radio") if "checked" in each
    ]
    assert checked == ["flux-kontext-pro", "jpg"]


def test_without_credits_nothing_is_stored(
    alice_client: Client, organization: Organization
) -> None:
    factories.credits(organization=organization, amount=9)
    (complaint,) = complaints(post(alice_client)).values()
    assert "costs 10 credits" in complaint
    assert not Job.objects.exists()
    assert wallets.balance_of(organization=organization).balance_credits == 9


def test_a_suspended_organization_is_told_so(
    alice_client: Client, organization: Organization, wallet: Wallet
) -> None:
    organizations.suspend(organization=organization, actor=SYSTEM)
    answer = post(alice_client)
    assert "This organization is suspended. Please contact support." in complaints(answer)[""]
    assert not Job.objects.exists()


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
    (field,) = check(answer).all("input", name="image_url")
    assert files.find_name(str(field["value"])) == Upload.objects.get().file
    assert post(alice_client, **EDIT, image_url=field["value"]).status_code == 302
    assert Upload.objects.count() == 1


@pytest.mark.parametrize("content", [b"no image at all", factories.png()[:60]])
def test_a_file_that_is_no_image_is_refused_beside_the_upload(
    alice_client: Client, wallet: Wallet, content: bytes
) -> None:
    assert list(complaints(post(alice_client, **EDIT, image=image(content)))) == ["image"]
    assert not Upload.objects.exists()
    assert not Job.objects.exists()


def test_a_model_that_takes_no_image_ignores_one(alice_client: Client, wallet: Wallet) -> None:
    answer = post(alice_client, image=image(), image_url="https://example.com/x.png")
    assert answer.status_code == 302
    assert Job.objects.get().image_url == ""
    assert not Upload.objects.exists()


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
