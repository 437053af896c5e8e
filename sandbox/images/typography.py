"""Type: setting words in the face that Pillow bundles.

Aileron has a little over a hundred glyphs. Accents are dropped, Greek and Cyrillic are spelled in
Latin, and any other character becomes a small ornament.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

ORNAMENT = "\ufffc"
_SPELLED = dict(
    zip(
        "абвгдеёзийклмнопрстуфхыэ" + "αβγδεζηικλμνοπρστυφω",
        "abvgdeeziiklmnoprstufhye" + "abgdeziiklmnoprstyfo",
        strict=True,
    )
) | {
    "ж": "zh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "", "ь": "", "ю": "yu",
    "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "θ": "th", "ξ": "x", "χ": "ch", "ψ": "ps",
    "ς": "s", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l",
    "ı": "i", "–": "-", "—": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"',
    "«": '"', "»": '"', "×": "x", "·": ".", "•": ".", "¿": "?", "¡": "!", "€": "EUR", "£": "GBP",
}  # fmt: skip
_UNSEEN = {"Cc", "Cf", "Mn", "Me", "Cs"}


class Face:
    """The bundled face at one size. Font objects are not thread-safe: make one per call."""

    def __init__(self, *, size: float, weight: float = 0.0) -> None:
        font = ImageFont.load_default(size=max(4.0, size))
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise RuntimeError("Pillow was built without FreeType, which the engine needs.")
        self.font = font
        self.size = max(4.0, size)
        self.stroke = max(0.0, weight * self.size)
        self._missing = bytes(self.font.getmask("\uffff"))

    def spell(self, text: str) -> str:
        """Return `text` in characters of the face and ornaments for the rest."""
        spelled: list[str] = []
        for char in unicodedata.normalize("NFC", text):
            if char.isspace():
                spelled.append(" ")
            elif unicodedata.category(char) not in _UNSEEN:
                spelled.append(self._spell_one(char))
        return "".join(spelled)

    def _spell_one(self, char: str) -> str:
        if self._has(char):
            return char
        low = char.lower()
        if low in _SPELLED:
            spelled = _SPELLED[low]
            return spelled.capitalize() if char != low else spelled
        base = "".join(
            part
            for part in unicodedata.normalize("NFKD", char)
            if unicodedata.category(part) not in _UNSEEN
        )
        if base != char and base:
            return "".join(self._spell_one(part) for part in base)
        return ORNAMENT

    def _has(self, char: str) -> bool:
        if " " < char <= "~":
            return True  # the face has all of ASCII
        return bytes(self.font.getmask(char)) != self._missing

    def cap_height(self) -> float:
        """Return the height of a capital letter in pixels, with its stroke."""
        box = self.font.getbbox("H", anchor="ls", stroke_width=self.stroke)
        return box[3] - box[1]

    def advance(self, text: str) -> float:
        """Return the advance of spelled `text`, in pixels."""
        return sum(self._advance(part) for part in _parts(text))

    def measure(self, text: str) -> tuple[float, float, float, float]:
        """Return the ink box of spelled `text` relative to its baseline's start."""
        left, top, right, bottom = 1e9, 1e9, -1e9, -1e9
        x = 0.0
        for part in _parts(text):
            if part == ORNAMENT:
                cell = self._cell()
                box: tuple[float, ...] = (0.0, -cell, cell, 0.0)
            else:
                box = self.font.getbbox(part, anchor="ls", stroke_width=self.stroke)
            left, top = min(left, x + box[0]), min(top, box[1])
            right, bottom = max(right, x + box[2]), max(bottom, box[3])
            x += self._advance(part)
        return (left, top, right, bottom) if right > left else (0.0, 0.0, 0.0, 0.0)

    def mask(self, text: str, *, pad: int = 2) -> tuple[Image.Image, float, float]:
        """Return the ink of spelled `text` as an L image, and where its baseline starts."""
        left, top, right, bottom = self.measure(text)
        ox, oy = round(pad - left), round(pad - top)
        mask = Image.new("L", (int(right - left) + 2 * pad + 2, int(bottom - top) + 2 * pad + 2), 0)
        draw = ImageDraw.Draw(mask)
        x = float(ox)
        for part in _parts(text):
            if part == ORNAMENT:
                self._ornament(draw, x, float(oy), text)
            else:
                draw.text(
                    (x, oy), part, fill=255, font=self.font, anchor="ls", stroke_width=self.stroke
                )
            x += self._advance(part)
        return mask, ox, oy

    def _cell(self) -> float:
        return 0.72 * self.size

    def _advance(self, part: str) -> float:
        if part == ORNAMENT:
            return 0.86 * self.size
        return self.font.getlength(part) + self.stroke * 0.6 * len(part)

    def _ornament(self, draw: ImageDraw.ImageDraw, x: float, y: float, salt: str) -> None:
        """Draw a small mirrored mosaic, seeded by word and position."""
        cell = self._cell()
        bits = hashlib.sha256(f"{salt}{x:.0f}".encode("utf-8", "surrogatepass")).digest()
        step = cell / 5
        for row in range(5):
            for column in range(3):
                if bits[row * 3 + column] % 5 < 3:
                    for side in {column, 4 - column}:
                        left, top = x + side * step, y - cell + row * step
                        draw.rectangle((left, top, left + step, top + step), fill=255)


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for char in text:
        if char == ORNAMENT or not parts or parts[-1] == ORNAMENT:
            parts.append(char)
        else:
            parts[-1] += char
    return parts


def wrap(text: str, *, most: int) -> list[str]:
    """Return `text` broken at spaces into lines of about `most` characters; long words are cut."""
    lines: list[str] = []
    for word in text.split():
        while len(word) > 2 * most:
            lines.append(word[: 2 * most])
            word = word[2 * most :]
        if lines and len(lines[-1]) + 1 + len(word) <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def set_in(
    lines: Sequence[str], *, width: float, height: float, weight: float
) -> list[tuple[Image.Image, float, float]]:
    """Set `lines`, centered, as large as fits in `width` by `height` pixels.

    Returns one mask per line with the place of its left top corner inside the box.
    """
    trial = Face(size=100, weight=weight)
    spelled = [trial.spell(line) for line in lines]
    boxes = [trial.measure(line) for line in spelled]
    widest = max((box[2] - box[0] for box in boxes), default=0.0)
    if widest <= 0:
        return []
    cap = trial.cap_height()
    leading = 1.32
    tall = cap * (1 + leading * (len(lines) - 1))
    deep = max(0.0, boxes[-1][3] - trial.stroke)
    size = 100 * min(width / widest, height / (tall + deep))
    if size < 4:
        return []
    face = Face(size=size, weight=weight)
    cap = face.cap_height()
    y = (height - cap * (1 + leading * (len(lines) - 1))) / 2 + cap
    placed = []
    for line in spelled:
        mask, ox, oy = face.mask(line)
        left, _, right, _ = face.measure(line)
        placed.append((mask, (width - (right - left)) / 2 + left - ox, y - oy))
        y += cap * leading
    return placed
