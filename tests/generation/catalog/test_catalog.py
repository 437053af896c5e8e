"""The catalog: one file with models and prices that does not contradict itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from generation import catalog
from generation.catalog import reader
from generation.jobs import generation_request

CONTRACT = ["1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "16:21"]


def test_the_prices_of_the_four_models() -> None:
    sold = {model.id: (model.price_credits, model.price_usd) for model in _models()}
    assert sold == {
        "flux-kontext-pro": (10, Decimal("0.05")),
        "flux-kontext-pro-edit": (10, Decimal("0.05")),
        "flux-kontext-max": (20, Decimal("0.10")),
        "flux-kontext-max-edit": (20, Decimal("0.10")),
    }
    assert catalog.load().usd(1) == Decimal("0.005")


def test_the_sizes_are_those_of_the_contract_and_true_to_their_names() -> None:
    loaded = catalog.load()
    assert [size.name for size in loaded.listed_sizes] == CONTRACT
    assert list(loaded.sizes) == [*CONTRACT, "9:21"]
    for size in loaded.sizes.values():
        across, down = (int(part) for part in size.name.split(":"))
        assert abs(size.width / size.height / (across / down) - 1) < 0.01
        assert 0.7 < size.width * size.height / 1024**2 < 1.1


def test_each_model_has_a_sibling_for_the_other_task() -> None:
    for model in _models():
        sibling = catalog.load().models[model.sibling_id]
        assert sibling.sibling_id == model.id
        assert sibling.is_edit != model.is_edit
        assert sibling.tier == model.tier
        assert model.is_edit == model.id.endswith("-edit")
        assert model.offers


@pytest.mark.parametrize(
    ("before", "after"),
    [("price_credits = 10", "price_credits = 0"), ('id = "flux-kontext-pro-edit"', 'id = "x"')],
)
def test_a_catalog_that_contradicts_itself_does_not_load(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(catalog.FILE.read_text().replace(before, after, 1))
    monkeypatch.setattr(reader, "FILE", file)
    with pytest.raises(ValueError, match=r"catalog\.toml"):
        catalog.load.__wrapped__()


def test_the_input_schema_matches_what_requests_accept() -> None:
    for model in _models():
        schema = catalog.input_schema(model)
        accepted = (
            generation_request.KNOWN_FIELDS
            if model.is_edit
            else generation_request.KNOWN_FIELDS - {"image_urls"}
        )
        assert set(schema["properties"]) == accepted
        assert set(schema["required"]) == {"prompt"} | ({"image_urls"} if model.is_edit else set())
        least = {name: schema["properties"][name].get("default") for name in accepted}
        least["prompt"] = "a fox"
        if model.is_edit:
            least["image_urls"] = ["https://images.example/a.png"]
        assert generation_request.parse(model=model.id, input=least).warnings == ()
        for size in schema["properties"]["size"]["enum"]:
            generation_request.parse(model=model.id, input={**least, "size": size})
        prompt = schema["properties"]["prompt"]
        generation_request.parse(
            model=model.id, input={**least, "prompt": "x" * prompt["maxLength"]}
        )
        with pytest.raises(generation_request.PromptTooLong):
            generation_request.parse(
                model=model.id, input={**least, "prompt": "x" * (prompt["maxLength"] + 1)}
            )


def _models() -> list[catalog.Model]:
    return list(catalog.load().models.values())
