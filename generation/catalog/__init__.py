"""The catalog: models, sizes, formats and prices, read once from `catalog.toml`.

Import it as `from generation import catalog`.
"""

from generation.catalog.reader import (
    DEFAULT_FORMAT,
    DEFAULT_SIZE,
    FILE,
    INPUT_REQUIRED,
    PROMPT_MAX_CHARACTERS,
    SEED_MAX,
    Catalog,
    Format,
    Model,
    Offer,
    Size,
    UnknownCatalogEntry,
    UnknownModel,
    digest,
    entry_of,
    find_entry,
    get_model,
    input_fields,
    input_schema,
    load,
)
