"""What everybody sees at each address: a module for each part of the product."""

from __future__ import annotations

from tests.architecture.addresses import api, money, people, site, work
from tests.architecture.addresses.rows import Row

ROWS: dict[str, list[Row]] = {
    **site.ROWS,
    **work.ROWS,
    **people.ROWS,
    **money.ROWS,
    **api.ROWS,
}
