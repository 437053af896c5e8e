"""`python -m sandbox.images`: one picture by one command."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sandbox import images
from sandbox.images.__main__ import main, read_size


def test_a_prompt_becomes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "fox.png"
    main(["a red fox", "--size", "64x48", "--seed", "3", "--output", str(path)])
    drawn = images.compose(prompt="a red fox", seed=3, width=64, height=48)
    with Image.open(path) as kept:
        assert kept.tobytes() == drawn.tobytes()
    assert capsys.readouterr().out == f"{path}: 64 x 48 pixels\n"


def test_a_file_is_edited_in_its_own_size(tmp_path: Path) -> None:
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    Image.new("RGB", (40, 30), (200, 40, 40)).save(before)
    main(["black and white", "--edit", str(before), "--output", str(after)])
    with Image.open(after) as kept:
        assert kept.size == (40, 30)
        red, green, blue = kept.getpixel((5, 5))  # type: ignore[misc]
        assert red == green == blue


@pytest.mark.parametrize(
    ("text", "size"),
    [("1:1", (1024, 1024)), ("16:9", (1280, 720)), ("9:16", (720, 1280)), ("4:3", (1152, 864)),
     ("21:9", (1568, 672)), ("16:21", (768, 1008)), ("640x480", (640, 480))],
)  # fmt: skip
def test_a_size_is_a_ratio_or_pixels(text: str, size: tuple[int, int]) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["wide", "0:9", "16x", "-1x5", "16:9:1"])
def test_any_other_size_ends_the_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["a fox", f"--size={text}"])
    assert "Give a ratio such as 16:9, or pixels such as 1280x720." in capsys.readouterr().err
