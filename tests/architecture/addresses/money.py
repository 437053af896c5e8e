"""The dashboard: billing. Bob is a developer: he may view, but not buy."""

from __future__ import annotations

from tests.architecture.addresses.rows import SIGN_IN, Row, members, payers

ROWS: dict[str, list[Row]] = {
    "dashboard/billing": [members()],
    "dashboard/billing/top-ups": [payers(), payers(method="post")],
    "dashboard/billing/top-ups/<str:public_id>": [
        Row(
            SIGN_IN,
            404,
            403,
            200,
            path=lambda world: f"/dashboard/billing/top-ups/{world.top_up.public_id}",
        )
    ],
    "dashboard/billing/top-ups/<str:public_id>/receipt": [
        Row(
            SIGN_IN,
            404,
            403,
            302,
            path=lambda world: f"/dashboard/billing/top-ups/{world.top_up.public_id}/receipt",
        )
    ],
    "dashboard/billing/paid": [payers(404)],
    "dashboard/billing/receipts": [payers()],
    "dashboard/billing/portal": [payers(404, method="post")],
    "dashboard/billing/warning": [payers(302), payers(method="post")],
    "dashboard/billing/promotion": [payers(302), payers(method="post")],
    "dashboard/billing/recharge": [payers(), payers(method="post")],
    "dashboard/billing/recharge/off": [payers(302, method="post")],
    "dashboard/billing/statement": [members()],
    "dashboard/billing/statement.csv": [members()],
}
