"""Generation requests: valid and invalid ones; each refusal names its parameter."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from generation import catalog
from generation.jobs import generation_request
from generation.storage import files
from vidgo.kernel import errors

IMAGE = "https://images.example/a.png"


def parse(model: object = "flux-kontext-pro", callback_url: object = None, **given: Any) -> Any:
    return generation_request.parse(
        model=model, input={"prompt": "a fox", **given}, callback_url=callback_url
    )


def edit(**given: Any) -> Any:
    return parse(model="flux-kontext-pro-edit", **{"image_urls": [IMAGE], **given})


def test_omitted_fields_have_defaults() -> None:
    request = parse()
    assert request.model.id == "flux-kontext-pro"
    assert (request.size.name, request.output_format, request.seed) == ("1:1", "png", None)
    assert (request.image_url, request.callback_url, request.warnings) == ("", "", ())
    assert request.price_credits == 10
    assert parse(size=None, output_format=None, seed=None, image_urls=None) == request


@pytest.mark.parametrize("size", ["1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "16:21", "9:21"])
def test_each_size_of_the_contract_is_accepted(size: str) -> None:
    assert parse(size=size).size.name == size


@pytest.mark.parametrize("name", ["png", "jpg"])
def test_each_format_of_the_contract_is_accepted(name: str) -> None:
    assert parse(output_format=name).output_format == name


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_seeds_of_31_bits_are_accepted(seed: int) -> None:
    assert parse(seed=seed).seed == seed


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        ("  a fox \n", "a fox"),
        ("a\x00fox", "afox"),
        ("狐" * 2000, "狐" * 2000),
        ("🦊" * 2000, "🦊" * 2000),
        (" " + "x" * 2000 + " ", "x" * 2000),
        ("fox \ud83d", "fox ?"),
    ],
)
def test_prompts_are_kept_except_for_what_cannot_be_stored(prompt: str, kept: str) -> None:
    assert parse(prompt=prompt).prompt == kept


@pytest.mark.parametrize(
    ("given", "kind", "param"),
    [
        ({"prompt": None}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": ""}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": " \n\t"}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": "\x00"}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": 7}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": ["a fox"]}, generation_request.BadParameter, "input.prompt"),
        ({"prompt": "x" * 2001}, generation_request.PromptTooLong, "input.prompt"),
        ({"prompt": "狐" * 2001}, generation_request.PromptTooLong, "input.prompt"),
        ({"size": "2:1"}, generation_request.BadParameter, "input.size"),
        ({"size": "1024x1024"}, generation_request.BadParameter, "input.size"),
        ({"size": ""}, generation_request.BadParameter, "input.size"),
        ({"size": 1}, generation_request.BadParameter, "input.size"),
        ({"size": ["1:1"]}, generation_request.BadParameter, "input.size"),
        ({"output_format": "gif"}, generation_request.BadParameter, "input.output_format"),
        ({"output_format": "PNG"}, generation_request.BadParameter, "input.output_format"),
        ({"output_format": {}}, generation_request.BadParameter, "input.output_format"),
        ({"seed": -1}, generation_request.BadParameter, "input.seed"),
        ({"seed": 2**31}, generation_request.BadParameter, "input.seed"),
        ({"seed": 1.0}, generation_request.BadParameter, "input.seed"),
        ({"seed": "1"}, generation_request.BadParameter, "input.seed"),
        ({"seed": True}, generation_request.BadParameter, "input.seed"),
        ({"image_urls": [IMAGE]}, generation_request.ImageNotWanted, "input.image_urls"),
        ({"image_urls": IMAGE}, generation_request.ImageNotWanted, "input.image_urls"),
    ],
)
def test_a_refusal_names_its_parameter(
    given: dict[str, Any], kind: type[errors.DomainError], param: str
) -> None:
    with pytest.raises(kind) as refused:
        parse(**given)
    assert refused.value.param == param
    assert param in refused.value.message or kind is generation_request.ImageNotWanted


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"image_urls": None}, generation_request.ImageMissing),
        ({"image_urls": []}, generation_request.ImageMissing),
        ({"image_urls": ""}, generation_request.ImageMissing),
        ({"image_urls": IMAGE}, generation_request.BadParameter),
        ({"image_urls": {"0": IMAGE}}, generation_request.BadParameter),
        ({"image_urls": [7]}, generation_request.BadParameter),
        ({"image_urls": [None]}, generation_request.BadParameter),
        ({"image_urls": [""]}, generation_request.BadImageUrl),
        ({"image_urls": ["a.png"]}, generation_request.BadImageUrl),
        ({"image_urls": ["ftp://images.example/a.png"]}, generation_request.BadImageUrl),
        ({"image_urls": ["file:///etc/passwd"]}, generation_request.BadImageUrl),
        ({"image_urls": ["http://127.0.0.1/a.png"]}, generation_request.BadImageUrl),
        ({"image_urls": ["http://10.0.0.7/a.png"]}, generation_request.BadImageUrl),
        (
            {"image_urls": ["http://169.254.169.254/latest/meta-data"]},
            generation_request.BadImageUrl,
        ),
        ({"image_urls": ["http://[::1]/a.png"]}, generation_request.BadImageUrl),
        (
            {"image_urls": ["https://user:secret@images.example/a.png"]},
            generation_request.BadImageUrl,
        ),
        ({"image_urls": ["https://images.example/a\x00.png"]}, generation_request.BadImageUrl),
        ({"image_urls": ["https://images.example/" + "a" * 2048]}, generation_request.BadImageUrl),
    ],
)
def test_an_edit_needs_an_image_we_may_fetch(
    given: dict[str, Any], kind: type[errors.DomainError]
) -> None:
    with pytest.raises(kind) as refused:
        edit(**given)
    assert refused.value.param == "input.image_urls"


def test_only_the_first_image_is_used() -> None:
    assert edit(image_urls=[IMAGE, "http://127.0.0.1/", 7]).image_url == IMAGE


def test_a_text_to_image_model_that_is_sent_an_image_names_the_edit_model() -> None:
    for model in ("flux-kontext-pro", "flux-kontext-max"):
        with pytest.raises(generation_request.ImageNotWanted) as refused:
            parse(model=model, image_urls=[IMAGE])
        assert f"'{model}-edit'" in refused.value.message
        assert parse(model=model, image_urls=[]).image_url == ""


def test_our_own_files_may_be_edited_on_any_host(settings: Settings) -> None:
    settings.VIDGO_PUBLIC_URL = "http://127.0.0.1:8000"
    own = files.url_of("temp/ab/abc.png")
    assert edit(image_urls=[own]).image_url == own
    with pytest.raises(generation_request.BadImageUrl):
        edit(image_urls=["http://127.0.0.1:8000/admin/"])
    with pytest.raises(generation_request.BadImageUrl):
        edit(image_urls=["http://127.0.0.1:80001/files/temp/ab/abc.png"])


@pytest.mark.parametrize(
    "url",
    [
        7,
        ["https://shop.example/hook"],
        "shop.example/hook",
        "http://shop.example/hook",
        "https://127.0.0.1/hook",
        "https://192.168.1.4/hook",
        "https://shop.example:8080/hook",
        "https://user@shop.example/hook",
        "https://shop.example/" + "a" * 2048,
    ],
)
def test_a_callback_url_is_one_we_may_call(url: object) -> None:
    with pytest.raises(errors.Invalid) as refused:
        parse(callback_url=url)
    assert refused.value.param == "callback_url"


def test_a_callback_url_is_kept(settings: Settings) -> None:
    assert parse(callback_url="https://shop.example/hook").callback_url
    assert parse(callback_url="").callback_url == ""
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    assert parse(callback_url="http://127.0.0.1:9000/hook").callback_url


@pytest.mark.parametrize("model", [None, 7, [], {}, "", "flux-kontext", "FLUX-KONTEXT-PRO"])
def test_an_unknown_model_is_answered_with_the_known_ones(model: object) -> None:
    with pytest.raises(errors.Invalid) as refused:
        parse(model=model)
    assert refused.value.param == "model"
    if isinstance(model, str):
        assert all(known in refused.value.message for known in catalog.load().models)


@pytest.mark.parametrize("given", [None, [], "a fox", 7, True])
def test_the_input_is_an_object(given: object) -> None:
    with pytest.raises(generation_request.BadParameter) as refused:
        generation_request.parse(model="flux-kontext-pro", input=given)
    assert refused.value.param == "input"


def test_unknown_fields_are_ignored_and_named() -> None:
    assert parse(steps=30, guidance=2).warnings == (
        "Unknown field input.steps was ignored.",
        "Unknown field input.guidance was ignored.",
    )


def test_warnings_are_few_short_and_encodable() -> None:
    names = ["\ud83d\x00", *(f"{number}" + "x" * 500 for number in range(100))]
    warnings = parse(**dict.fromkeys(names, 1)).warnings
    assert len(warnings) < 20
    assert all(len(warning) <= 200 for warning in warnings)
    assert warnings[0].encode() == b"Unknown field input.? was ignored."
