"""The visitors' playground: the request survives signing up, signing in and paying."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts import organizations
from accounts.audit import SYSTEM
from accounts.models import Organization, User
from generation import catalog, playground, tasks
from generation.models import Job, Upload
from generation.playground import drafts, samples
from generation.storage import drafts as draft_images
from generation.storage import files
from tests import factories
from tests.generation.playground.test_playground import (
    EDIT,
    FORM,
    checked,
    complaints,
    image,
    value_of,
)
from tests.reading import check, read

pytestmark = pytest.mark.django_db

PAGE = "/playground"
MEMBERS = "/dashboard/playground"
SIGN_UP = f"/accounts/signup/?next={MEMBERS}".replace("next=/dashboard/", "next=%2Fdashboard%2F")
PASSWORD = "correct horse battery 9"


def run(client: Client, **values: Any) -> Any:
    return client.post(PAGE, {**FORM, **values})


def sign_up(client: Client) -> Any:
    given = {"email": "dora@example.com", "password1": PASSWORD, "next": MEMBERS}
    return client.post("/accounts/signup/", given, follow=True)


def sign_in(client: Client, user: User) -> Any:
    user.set_password(PASSWORD)
    user.save()
    given = {"login": user.email, "password": PASSWORD, "next": MEMBERS}
    return client.post("/accounts/login/", given, follow=True)


def kept_files() -> list[str]:
    """Return the stored images of drafts."""
    if not default_storage.exists(draft_images.FOLDER):
        return []
    folders, _ = default_storage.listdir(draft_images.FOLDER)
    return [
        name
        for folder in folders
        for name in default_storage.listdir(f"{draft_images.FOLDER}/{folder}")[1]
    ]


@pytest.fixture(autouse=True)
def _no_drafts_of_other_tests() -> None:
    for name in kept_files():
        files.remove(name=f"{draft_images.FOLDER}/{name[:2]}/{name}")


def test_a_visitor_sees_a_filled_in_form_its_price_its_code_and_a_sample(client: Client) -> None:
    page = read(client, PAGE)
    text = client.get(PAGE).content.decode()
    assert checked(page)[:2] == ["text-to-image", "pro"]
    assert samples.of(catalog.get_model("flux-kontext-pro")).prompt in text
    assert "10 credits · $0.05" in text
    assert "Submit your own request to replace the sample." in text
    assert "$VIDGO_API_KEY" in text


@pytest.mark.parametrize("model", list(catalog.load().models.values()), ids=lambda each: each.id)
def test_each_model_has_a_sample_that_its_form_would_make(
    client: Client, model: catalog.Model
) -> None:
    page = read(client, f"{PAGE}?model={model.id}")
    assert checked(page)[:2] == [model.task, model.tier]
    sample = samples.of(model)
    assert bool(sample.before) == model.is_edit
    pictures = [each["src"] for each in page.all("img")]
    assert f"/static/{sample.path}" in pictures
    if sample.before:
        assert samples.find(value_of(page, "image_url")) is not None


def test_the_playground_of_a_model_page_starts_with_that_model(rf: Any, alice: User) -> None:
    request = rf.get("/models/flux-kontext-max")
    request.user = type("Nobody", (), {"is_authenticated": False})()
    context = playground.for_model(request=request, model_id="flux-kontext-max")["playground"]
    assert (context.model.id, context.action, context.is_member) == (
        "flux-kontext-max",
        PAGE,
        False,
    )
    request.user, request.abilities = alice, frozenset({"view"})
    context = playground.for_model(request=request, model_id="flux-kontext-max")["playground"]
    assert (context.action, context.is_member, context.may_run) == (MEMBERS, True, False)


def test_members_are_led_to_their_own_playground(alice_client: Client) -> None:
    answer = alice_client.get(PAGE)
    assert (answer.status_code, answer.headers["Location"]) == (302, MEMBERS)


def test_run_asks_to_sign_up_and_nothing_is_made(client: Client) -> None:
    answer = run(client)
    assert answer.headers["Location"] == SIGN_UP
    assert "Sign up to run this." in client.get(SIGN_UP).content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"tier": "mini"}, "tier"),
        ({"seed": "one"}, "seed"),
        (EDIT, "image"),
        ({**EDIT, "image_url": "ftp://example.com/x"}, "image_url"),
        ({**EDIT, "image": b"no image"}, "image"),
        ({**EDIT, "image": b""}, "image"),
    ],
)
def test_what_is_wrong_is_said_before_asking_to_sign_up(
    client: Client, changed: dict[str, Any], field: str
) -> None:
    if "image" in changed:
        changed = {**changed, "image": image(changed["image"])}
    answer = run(client, **changed)
    assert answer.status_code == 200
    assert list(complaints(answer)) == [field]
    assert drafts.SESSION_KEY not in client.session
    assert kept_files() == []


def test_the_request_survives_signing_up_and_says_what_to_do_next(client: Client) -> None:
    run(client, prompt="a fox & a <hound>", tier="max", seed="7")
    answer = sign_up(client)
    page, text = check(answer), answer.content.decode()
    assert checked(page) == ["text-to-image", "max", "16:9", "jpg"]
    assert "a fox &amp; a &lt;hound&gt;</textarea>" in text
    assert value_of(page, "seed") == "7"
    assert "Add credits to run this" in text
    assert "We'll keep your request while you pay." in text
    assert page.all("button", name="pack")[0]["value"] == "500"


def test_the_request_survives_signing_in_and_can_be_run(
    client: Client, alice: User, organization: Organization, wallet: Any
) -> None:
    run(client, prompt="mine")
    answer = sign_in(client, alice)
    page = check(answer)
    assert "mine</textarea>" in answer.content.decode()
    sent = {**FORM, "prompt": "mine", "token": value_of(page, "token")}
    assert client.post(MEMBERS, sent).status_code == 302
    assert Job.objects.get().created_by == alice
    assert drafts.SESSION_KEY not in client.session


def test_who_was_signed_out_meanwhile_signs_in_and_loses_nothing(
    client: Client, alice: User, organization: Organization, wallet: Any
) -> None:
    answer = client.post(MEMBERS, {**EDIT, "image": image()})
    assert answer.headers["Location"].startswith("/accounts/login/?next=")
    page = check(sign_in(client, alice))
    assert checked(page) == ["image-to-image", "max", "16:9", "jpg"]
    assert files.find_name(value_of(page, "image_url")) == Upload.objects.get().file


def test_an_image_survives_signing_up_and_then_belongs_to_the_organization(client: Client) -> None:
    run(client, **EDIT, image=image())
    assert len(kept_files()) == 1
    page = check(sign_up(client))
    upload = Upload.objects.get()
    assert upload.original_name == "cat.png"
    assert files.find_name(value_of(page, "image_url")) == upload.file
    assert kept_files() == []
    read(client, MEMBERS)
    assert Upload.objects.count() == 1


def test_the_image_waits_while_the_organization_is_suspended(
    client: Client, alice: User, organization: Organization
) -> None:
    run(client, **EDIT, image=image())
    organizations.suspend(organization=organization, actor=SYSTEM)
    page = check(sign_in(client, alice))
    assert (value_of(page, "image_url"), len(kept_files())) == ("", 1)
    organizations.unsuspend(organization=organization, actor=SYSTEM)
    page = read(client, MEMBERS)
    assert files.find_name(value_of(page, "image_url")) == Upload.objects.get().file


def test_the_image_of_a_draft_is_served_to_nobody(client: Client) -> None:
    run(client, **EDIT, image=image())
    name = client.session[drafts.SESSION_KEY]["file"]
    assert default_storage.exists(name)
    assert client.get(f"/files/{name}").status_code == 404


def test_another_request_takes_the_place_of_the_first_with_its_image(client: Client) -> None:
    run(client, **EDIT, image=image())
    run(client, prompt="something else")
    assert kept_files() == []
    assert client.session[drafts.SESSION_KEY]["typed"]["prompt"] == "something else"


def test_an_image_too_large_to_be_kept_is_asked_for_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_images, "MAX_BYTES", 10)
    run(client, **EDIT, image=image())
    assert kept_files() == []
    answer = sign_up(client)
    assert drafts.CHOOSE_AGAIN in answer.content.decode()
    assert value_of(check(answer), "image_url") == ""
    assert "make it winter</textarea>" in answer.content.decode()
    assert drafts.CHOOSE_AGAIN not in client.get(MEMBERS).content.decode()


def test_an_image_that_nobody_came_back_for_is_swept(client: Client) -> None:
    run(client, **EDIT, image=image())
    assert draft_images.remove_expired() == 0
    name = client.session[drafts.SESSION_KEY]["file"]
    make_old(name)
    tasks.sweep()
    assert not default_storage.exists(name)
    assert drafts.CHOOSE_AGAIN in sign_up(client).content.decode()


def make_old(name: str) -> None:
    """Make a stored file older than the retention of drafts."""
    long_ago = (timezone.now() - draft_images.LIFETIME - timedelta(minutes=1)).timestamp()
    os.utime(settings.MEDIA_ROOT / name, (long_ago, long_ago))


def test_nobody_fills_the_storage_without_an_account(client: Client) -> None:
    for _ in range(drafts.IMAGES_PER_MINUTE):
        assert run(client, **EDIT, image=image()).status_code == 302
    answer = run(Client(), **EDIT, image=image())
    assert complaints(answer)["image"].startswith("Too many images from your IP address.")
    assert len(kept_files()) == 1


def test_a_draft_is_bounded(client: Client) -> None:
    address = "https://example.com/" + "x" * 5000
    run(client, seed="7" * 5000)
    run(client, image_url=address)
    kept = client.session[drafts.SESSION_KEY]["typed"]
    assert all(len(value) <= 4000 for value in kept.values())


def test_new_forgets_the_draft(alice_client: Client, wallet: Any) -> None:
    alice_client.post(PAGE, {**FORM, "prompt": "forget me"})
    assert "forget me</textarea>" in alice_client.get(MEMBERS).content.decode()
    alice_client.get(f"{MEMBERS}?new")
    assert "forget me</textarea>" not in alice_client.get(MEMBERS).content.decode()


def test_a_visitor_who_comes_back_finds_what_was_typed(client: Client) -> None:
    run(client, prompt="still here")
    assert "still here</textarea>" in client.get(PAGE).content.decode()


def test_an_organization_of_alices_is_not_touched_by_a_visitors_draft(
    client: Client, organization: Organization
) -> None:
    factories.upload(organization=organization)
    run(client, **EDIT, image=image())
    sign_up(client)
    assert Upload.objects.for_organization(organization).count() == 1


def test_the_prompt_of_the_home_page_is_passed_on(client: Client) -> None:
    page = read(client, "/")
    (asked,) = page.all("form", action=PAGE)
    assert asked["method"] == "get"
    (words,) = page.all("input", name="prompt")
    assert words["maxlength"] == str(catalog.PROMPT_MAX_CHARACTERS)
    given = client.get(PAGE, {"prompt": 'a <b>"boat"\x00'})
    check(given)
    assert "a &lt;b&gt;&quot;boat&quot;</textarea>" in given.content.decode()
    long = client.get(PAGE, {"prompt": "x" * (catalog.PROMPT_MAX_CHARACTERS + 5)})
    assert f">\n{'x' * catalog.PROMPT_MAX_CHARACTERS}</textarea>" in long.content.decode()


def test_the_home_page_has_no_prompt_for_members(alice_client: Client) -> None:
    assert not read(alice_client, "/").all("input", name="prompt")
