"""Invoices and receipts, as pages and as PDF."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from sandbox.stripe import invoices, store
from sandbox.stripe.models import StripeObject
from sandbox.stripe.pages.door import find_or_404, page
from sandbox.stripe.templatetags.stripe_simulator import moment, money

WIDTH, HEIGHT, MARGIN = 595, 842, 56
# Mean width of a Helvetica character in ems, close enough to align right.
CHARACTER = 0.52


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A line of text, with `right` at the right edge; `gap` is the space below in points."""

    text: str
    right: str = ""
    size: int = 11
    bold: bool = False
    gap: int = 6


def _intent_of(invoice: StripeObject) -> StripeObject | None:
    payment = store.objects("invoice_payment").filter(data__invoice=invoice.stripe_id).first()
    stripe_id = payment.data["payment"]["payment_intent"] if payment else None
    return store.find(kind="payment_intent", stripe_id=stripe_id)


@require_GET
def invoice_page(request: HttpRequest, invoice: str) -> HttpResponse:
    """Show an invoice."""
    row = find_or_404("invoice", invoice)
    context = {
        "invoice": row.data,
        "tax": row.data["total"] - row.data["total_excluding_tax"],
        "card": invoices.card_line(intent=_intent_of(row)),
    }
    return page(request, "invoice.html", context)


@require_GET
def invoice_pdf(request: HttpRequest, invoice: str) -> HttpResponse:
    """Return an invoice as a PDF."""
    row = find_or_404("invoice", invoice)
    data = row.data
    currency = data["currency"]
    lines = [
        _Line(text="Invoice", size=24, bold=True, gap=18),
        _Line(text="Stripe simulator: no real money was paid", size=10, gap=18),
        _Line(text=f"Number {data['number']}"),
        _Line(text=f"Date {moment(data['created'])}"),
        _Line(text=f"From {data['account_name']}"),
        _Line(text=f"To {data['customer_name'] or data['customer_email'] or ''}", gap=18),
        *(
            _Line(
                text=f"{line['quantity']} x {line['description']}",
                right=money(line["amount"], currency),
            )
            for line in data["lines"]["data"]
        ),
        _Line(text="Tax", right=money(data["total"] - data["total_excluding_tax"], currency)),
        _Line(text="Total paid", right=money(data["total"], currency), bold=True, gap=18),
        _Line(text=invoices.card_line(intent=_intent_of(row))),
    ]
    response = HttpResponse(_pdf(lines), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{data["number"]}.pdf"'
    return response


@require_GET
def receipt_page(request: HttpRequest, charge: str) -> HttpResponse:
    """Show a receipt with its refunds."""
    row = find_or_404("charge", charge)
    intent = store.find(kind="payment_intent", stripe_id=row.data["payment_intent"])
    context = {
        "charge": row.data,
        "refunds": [refund.data for refund in store.objects("refund", charge=charge)],
        "card": invoices.card_line(intent=intent),
        "merchant": invoices.merchant(),
    }
    return page(request, "receipt.html", context)


def _pdf(lines: list[_Line]) -> bytes:
    """Return the smallest valid PDF of one A4 page (ISO 32000-1)."""
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


def _show(line: _Line, text: str, left: float, top: float) -> bytes:
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
