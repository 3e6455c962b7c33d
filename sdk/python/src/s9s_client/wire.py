"""Models to JSON and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, Self


class Model:
    """Base of the models. What a newer server says besides is left out; what it does not say is ``None``."""

    __slots__ = ()

    #: Fields that hold models: how (`one`, `list`, `map`), and which.
    NESTED: ClassVar[Mapping[str, tuple[str, type[Model]]]] = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The model of a JSON object."""
        values = {name: data.get(name) for name in _names(cls)}
        for name, (how, kind) in cls.NESTED.items():
            value = values[name]
            if value is None:
                continue
            if how == "one":
                values[name] = kind.from_dict(value)
            elif how == "list":
                values[name] = [kind.from_dict(one) for one in value]
            else:
                values[name] = {key: kind.from_dict(one) for key, one in value.items()}
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the model."""
        return {name: plain(getattr(self, name)) for name in _names(type(self))}


_NAMES: dict[type[Model], tuple[str, ...]] = {}


def _names(kind: type[Model]) -> tuple[str, ...]:
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]  # all are dataclasses
    return names


def plain(value: Any) -> Any:
    """Models inside of a value as JSON; unset fields of what is sent are left out."""
    if isinstance(value, Model):
        return {name: one for name, one in value.to_dict().items() if one is not None}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one) for one in value]
    return value


def text_of(value: Any) -> str:
    """A value in a query string; a list is a comma list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(text_of(one) for one in value)
    return str(value)
