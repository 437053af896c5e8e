"""Parameters: an endpoint's schema, and Stripe's errors for anything else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.errors import BadParameter
from sandbox.stripe.wire import Data

METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter. A clearable one may be empty, which unsets it (None)."""

    required: bool = False
    clearable: bool = False

    def read(self, value: Any, name: str) -> Any:
        """Return the converted value; raises BadParameter."""
        if value == "":
            if self.clearable:
                return None
            raise BadParameter(
                f"You passed an empty string for '{name}'. We assume empty values are an attempt "
                f"to unset a parameter; however '{name}' cannot be unset. You should remove "
                f"'{name}' from your request or supply a non-empty value.",
                code="parameter_invalid_empty",
                param=name,
            )
        return self.convert(value, name)

    def convert(self, value: Any, name: str) -> Any:
        """Return the converted value; raises BadParameter."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    max_length: int = 5000

    def convert(self, value: Any, name: str) -> str:
        """Return the text."""
        if not isinstance(value, str):
            raise BadParameter(f"Invalid string: {value}", param=name)
        if len(value) > self.max_length:
            raise BadParameter(
                f"Invalid string: {value[:20]}…{value[-5:]}; must be at most "
                f"{self.max_length} characters",
                code="parameter_invalid_string",
                param=name,
            )
        return value


@dataclass(frozen=True, kw_only=True)
class Email(Text):
    max_length: int = 512

    def convert(self, value: Any, name: str) -> str:
        """Return the address."""
        text = super().convert(value, name)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost", text):
            raise BadParameter(f"Invalid email address: {text}", code="email_invalid", param=name)
        return text


@dataclass(frozen=True, kw_only=True)
class Url(Text):
    def convert(self, value: Any, name: str) -> str:
        """Return the URL."""
        text = super().convert(value, name)
        parts = urlsplit(text)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadParameter("Not a valid URL", code="url_invalid", param=name)
        return text


@dataclass(frozen=True, kw_only=True)
class Integer(Field):
    minimum: int | None = None
    maximum: int | None = None

    def convert(self, value: Any, name: str) -> int:
        """Return the number."""
        if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
            raise BadParameter(
                f"Invalid integer: {value}", code="parameter_invalid_integer", param=name
            )
        number = int(value)
        if self.minimum is not None and number < self.minimum:
            raise BadParameter(
                f"This value must be greater than or equal to {self.minimum}.",
                code="parameter_invalid_integer",
                param=name,
            )
        if self.maximum is not None and number > self.maximum:
            raise BadParameter(
                f"This value must be less than or equal to {self.maximum}.",
                code="parameter_invalid_integer",
                param=name,
            )
        return number


@dataclass(frozen=True, kw_only=True)
class Boolean(Field):
    def convert(self, value: Any, name: str) -> bool:
        """Return True or False."""
        if value not in ("true", "false"):
            raise BadParameter(f"Invalid boolean: {value}", param=name)
        return bool(value == "true")


@dataclass(frozen=True, kw_only=True)
class Choice(Field):
    options: tuple[str, ...]

    def convert(self, value: Any, name: str) -> str:
        """Return the choice."""
        if value not in self.options:
            raise BadParameter(
                f"Invalid {name}: must be one of {', '.join(self.options)}", param=name
            )
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Hash(Field):
    fields: Mapping[str, Field] = field(default_factory=dict)

    def convert(self, value: Any, name: str) -> Data:
        """Return the converted fields."""
        if not isinstance(value, dict):
            raise BadParameter("Invalid object", param=name)
        return read(schema=self.fields, given=value, name=name)


@dataclass(frozen=True, kw_only=True)
class Array(Field):
    item: Field
    max_items: int = 100

    def convert(self, value: Any, name: str) -> list[Any]:
        """Return a list."""
        if not isinstance(value, dict) or not all(key.isdigit() for key in value):
            raise BadParameter("Invalid array", param=name)
        if len(value) > self.max_items:
            raise BadParameter(f"Array exceeds maximum {self.max_items} elements", param=name)
        return [self.item.read(value[key], f"{name}[{key}]") for key in sorted(value, key=int)]


@dataclass(frozen=True, kw_only=True)
class Metadata(Field):
    """Up to 50 pairs; an empty value removes its pair, an empty string all of them."""

    clearable: bool = True

    def convert(self, value: Any, name: str) -> dict[str, str]:
        """Return the pairs."""
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise BadParameter("Invalid object: metadata takes strings", param=name)
        if len(value) > METADATA_KEYS:
            raise BadParameter(f"Metadata can have up to {METADATA_KEYS} keys.", param=name)
        for key, text in value.items():
            if len(key) > METADATA_KEY_LENGTH or len(text) > METADATA_VALUE_LENGTH:
                raise BadParameter(
                    f"Metadata keys can have up to {METADATA_KEY_LENGTH} characters and values up "
                    f"to {METADATA_VALUE_LENGTH}.",
                    param=f"{name}[{key[:METADATA_KEY_LENGTH]}]",
                )
        return dict(value)


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A time filter: one second, or a range of `gt`, `gte`, `lt`, `lte`."""

    def convert(self, value: Any, name: str) -> Data:
        """Return the range as Django's lookups."""
        if not isinstance(value, dict):
            return {"exact": Integer().read(value, name)}
        return read(schema=_RANGE, given=value, name=name)


_RANGE: Mapping[str, Field] = {name: Integer() for name in ("gt", "gte", "lt", "lte")}

ADDRESS = Hash(
    clearable=True,
    fields={
        name: Text(clearable=True)
        for name in ("city", "country", "line1", "line2", "postal_code", "state")
    },
)
PAGE: Mapping[str, Field] = {
    "limit": Integer(minimum=1, maximum=100),
    "starting_after": Text(),
    "ending_before": Text(),
}
LISTING: Mapping[str, Field] = {**PAGE, "created": Moment()}
EXPAND: Mapping[str, Field] = {"expand": Array(item=Text())}


def read(*, schema: Mapping[str, Field], given: Data, name: str = "") -> Data:
    """Validate parameters against a schema and return them converted.

    Raises BadParameter for unknown, missing and malformed ones.
    """

    def full(key: str) -> str:
        return f"{name}[{key}]" if name else key

    if unknown := [full(key) for key in given if key not in schema]:
        plural = "s" if len(unknown) > 1 else ""
        raise BadParameter(
            f"Received unknown parameter{plural}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )
    for key, wanted in schema.items():
        if wanted.required and key not in given:
            raise BadParameter(
                f"Missing required param: {full(key)}.", code="parameter_missing", param=full(key)
            )
    return {key: schema[key].read(value, full(key)) for key, value in given.items()}


def merge_metadata(*, data: Data, params: Data) -> None:
    """Apply the `metadata` parameter, if given, to an object's data and remove it from `params`."""
    if "metadata" in params:
        change = params.pop("metadata")
        merged = {} if change is None else {**data["metadata"], **change}
        data["metadata"] = {key: value for key, value in merged.items() if value != ""}
