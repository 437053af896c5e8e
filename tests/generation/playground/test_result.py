"""A job in the playground: its result, its live fragment, and running or editing it again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Organization, User
from generation import catalog
from generation.models import Asset, Job, Upload
from generation.storage import files, results, uploads
from tests import factories
from tests.generation.playground.test_playground import PAGE, checked, value_of
from tests.reading import check, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def edit(organization: Organization, alice: User) -> Job:
    """A finished edit of an uploaded image that Alice ran here."""
    upload = factories.upload(organization=organization)
    return factories.finished(
        organization=organization,
        created_by=alice,
        model="flux-kontext-pro-edit",
        prompt="make it winter",
        size="4:3",
        output_format="jpg",
        image_urls=[uploads.url_of(upload)],
    )


def live(client: Client, job: Job) -> Any:
    return client.get(f"{PAGE}/{job.public_id}", headers={"HX-Request": "true"})


def test_a_waiting_job_is_looked_at_again_by_itself_or_by_a_link(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.job(organization=organization)
    text = live(alice_client, job).content.decode()
    assert 'hx-trigger="every 1s"' in text
    assert "Queued" in text
    # The same address with another fragment would not be loaded anew.
    (again,) = re.findall(r'<noscript><p><a href="(.*?)">Refresh</a>', text)
    assert re.fullmatch(rf"{PAGE}\?job={job.public_id}&amp;at=\d+#result", again)


def test_a_finished_job_shows_its_image_and_is_asked_for_no_more(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    text = live(alice_client, job).content.decode()
    assert "hx-get" not in text
    assert f'src="/files/{factories.asset_of(job).file}"' in text
    assert f"{PAGE}?edit={job.public_id}" in text


def test_a_failed_job_says_why_and_that_the_credits_are_back(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.failed(organization=organization)
    text = live(alice_client, job).content.decode()
    assert "The prompt was refused." in text
    assert "were refunded" in text
    assert "hx-get" not in text


def test_a_removed_image_is_said_to_be_removed(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    Asset.objects.update(removed_at=timezone.now())
    text = live(alice_client, job).content.decode()
    assert "removed at the end of its retention period" in text
    assert "<img" not in text


def test_the_live_fragment_redirects_to_the_page(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    answer = alice_client.get(f"{PAGE}/{job.public_id}")
    assert answer.headers["Location"] == f"{PAGE}?job={job.public_id}"


@pytest.mark.parametrize("name", ["job", "again", "edit"])
def test_a_foreign_job_is_not_there(
    charlie_client: Client, organization: Organization, other_organization: Organization, name: str
) -> None:
    job = factories.finished(organization=organization)
    assert charlie_client.get(PAGE, {name: job.public_id}).status_code == 404
    assert live(charlie_client, job).status_code == 404


@pytest.mark.parametrize("public_id", ["task_nothing", "", "\x00", "é" * 300])
def test_what_is_no_job_is_not_found(alice_client: Client, public_id: str) -> None:
    for name in ("job", "again", "edit"):
        assert alice_client.get(PAGE, {name: public_id}).status_code == 404


@pytest.mark.parametrize("name", ["job", "again"])
def test_a_job_fills_in_the_form_it_came_from(alice_client: Client, edit: Job, name: str) -> None:
    page = read(alice_client, f"{PAGE}?{name}={edit.public_id}")
    assert checked(page) == ["image-to-image", "pro", "4:3", "jpg"]
    assert value_of(page, "image_url") == edit.image_url
    # With the same seed it would be the same image.
    assert value_of(page, "seed") == ""
    assert len(page.all("section", id="result")) == (1 if name == "job" else 0)


def test_an_image_that_is_gone_is_asked_for_again(alice_client: Client, edit: Job) -> None:
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=1))
    uploads.remove_expired()
    answer = alice_client.get(f"{PAGE}?again={edit.public_id}")
    assert value_of(check(answer), "image_url") == ""
    assert "Please choose it again." in answer.content.decode()


@pytest.mark.parametrize("model", ["flux-kontext-max", "flux-kontext-max-edit"])
def test_a_result_can_be_edited_without_fetching_it_from_anywhere(
    alice_client: Client, organization: Organization, alice: User, model: str
) -> None:
    factories.credits(organization=organization, amount=20)
    source = {"image_urls": [uploads.url_of(factories.upload(organization=organization))]}
    job = factories.finished(
        organization=organization,
        created_by=alice,
        model=model,
        size="16:9",
        **(source if model.endswith("edit") else {}),
    )
    page = read(alice_client, f"{PAGE}?edit={job.public_id}")
    assert checked(page) == ["image-to-image", "max", "16:9", "png"]
    address = value_of(page, "image_url")
    assert address == results.url_of(factories.asset_of(job))
    sent = {"task": "image-to-image", "tier": "max", "prompt": "at night", "image_url": address}
    assert alice_client.post(PAGE, sent).status_code == 302
    made = Job.objects.order_by("-id")[0]
    assert made.model == "flux-kontext-max-edit"
    assert files.read(name=made.image_file) == files.read(name=factories.asset_of(job).file)


def test_a_result_that_is_gone_cannot_be_edited(
    alice_client: Client, organization: Organization
) -> None:
    job = factories.finished(organization=organization)
    Asset.objects.update(removed_at=timezone.now())
    answer = alice_client.get(f"{PAGE}?edit={job.public_id}")
    assert value_of(check(answer), "image_url") == ""
    assert "Please choose it again." in answer.content.decode()


def test_a_link_may_say_what_the_form_begins_with(alice_client: Client, wallet: Any) -> None:
    model = catalog.get_model("flux-kontext-max")
    page = read(alice_client, f"{PAGE}?model={model.id}&size=9:16&seed=7&prompt=hello")
    assert checked(page) == ["text-to-image", "max", "9:16", "png"]
    assert value_of(page, "seed") == "7"
