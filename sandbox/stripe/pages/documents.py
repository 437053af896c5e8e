"""Invoices and receipts, as pages and as PDF."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from sandbox.stripe import invoices, pdf, store
from sandbox.stripe.models import StripeObject
from sandbox.stripe.pages.door import find_or_404, page
from sandbox.stripe.templatetags.stripe_simulator import moment, money


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
        pdf.Line(text="Invoice", size=24, bold=True, gap=18),
        pdf.Line(text="Stripe simulator: no real money was paid", size=10, gap=18),
        pdf.Line(text=f"Number {data['number']}"),
        pdf.Line(text=f"Date {moment(data['created'])}"),
        pdf.Line(text=f"From {data['account_name']}"),
        pdf.Line(text=f"To {data['customer_name'] or data['customer_email'] or ''}", gap=18),
        *(
            pdf.Line(
                text=f"{line['quantity']} x {line['description']}",
                right=money(line["amount"], currency),
            )
            for line in data["lines"]["data"]
        ),
        pdf.Line(text="Tax", right=money(data["total"] - data["total_excluding_tax"], currency)),
        pdf.Line(text="Total paid", right=money(data["total"], currency), bold=True, gap=18),
        pdf.Line(text=invoices.card_line(intent=_intent_of(row))),
    ]
    response = HttpResponse(pdf.document(lines=lines), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{data["number"]}.pdf"'
    return response


@require_GET
def receipt_page(request: HttpRequest, charge: str) -> HttpResponse:
    """Show a receipt with what was given back of it."""
    row = find_or_404("charge", charge)
    intent = store.find(kind="payment_intent", stripe_id=row.data["payment_intent"])
    context = {
        "charge": row.data,
        "refunds": [refund.data for refund in store.objects("refund", charge=charge)],
        "card": invoices.card_line(intent=intent),
        "merchant": invoices.merchant(),
    }
    return page(request, "receipt.html", context)
