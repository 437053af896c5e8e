"""The smallest honest PDF: one page of text lines (ISO 32000-1)."""

from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 595, 842, 56
# The mean width of a Helvetica character, in parts of its size: near enough to align right.
CHARACTER = 0.52


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of text, with another text at the right edge; `gap` is the space below, in points."""

    text: str
    right: str = ""
    size: int = 11
    bold: bool = False
    gap: int = 6


def document(*, lines: list[Line]) -> bytes:
    """Return a PDF of one A4 page."""
    content = []
    top = HEIGHT - MARGIN
    for line in lines:
        top -= line.size
        content.append(_show(line, line.text, MARGIN, top))
        if line.right:
            left = WIDTH - MARGIN - len(line.right) * line.size * CHARACTER
            content.append(_show(line, line.right, left, top))
        top -= line.gap
    stream = b"BT\n" + b"\n".join(content) + b"\nET"
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R /Resources "
        b"<< /Font << /F1 5 0 R /F2 6 0 R >> >> >>" % (WIDTH, HEIGHT)
    )
    return _assemble(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
            font % b"Helvetica",
            font % b"Helvetica-Bold",
        ]
    )


def _show(line: Line, text: str, left: float, top: float) -> bytes:
    plain = text.replace("•", "*").encode("cp1252", "replace")
    escaped = plain.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    font = b"/F2" if line.bold else b"/F1"
    return b"%s %d Tf 1 0 0 1 %.1f %.1f Tm (%s) Tj" % (font, line.size, left, top, escaped)


def _assemble(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(out)
