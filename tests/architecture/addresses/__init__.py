"""What each user gets at each URL: one module for each part of the product."""

from __future__ import annotations

from tests.architecture.addresses import (
    api,
    docs,
    money,
    people,
    playground,
    profile,
    site,
    team,
    work,
)
from tests.architecture.addresses.rows import Row

ROWS: dict[str, list[Row]] = {
    **site.ROWS,
    **docs.ROWS,
    **work.ROWS,
    **playground.ROWS,
    **people.ROWS,
    **profile.ROWS,
    **team.ROWS,
    **money.ROWS,
    **api.ROWS,
}
