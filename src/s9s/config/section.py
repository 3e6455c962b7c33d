"""What all sections are made of: the kinds of values, and how a key says what it accepts."""

from __future__ import annotations

import re
import tomllib
from ipaddress import ip_network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Text = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]


#: An address that nobody on the way can change; in the clear only on this very host.
HTTPS = r"^(https://[^\s/]|http://(127\.0\.0\.1|localhost|\[::1\])[:/])\S*$"


def _compiled(pattern: str) -> str:
    re.compile(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiled), Field(examples=[r"([a-z]+)@example\.com"])]


def split(value: object) -> object:
    """A list as the environment can say it: separated by commas, or written as in the file (and in JSON)."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        # No text of any list begins so: left as it is, it would be taken for one that nothing ever equals.
        return tomllib.loads(f"list = {value.strip()}")["list"]
    return [part.strip() for part in value.split(",") if part.strip()]


Texts = Annotated[tuple[Text, ...], BeforeValidator(split)]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(lambda text: str(ip_network(text, strict=False)))], ...],
    BeforeValidator(split),
]


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def describe_allowed(field: FieldInfo) -> str:
    """What a key accepts, in words: ``an integer from 0 to 65535``, ``auto, simulated, slurmrestd, cli``."""
    annotation, rules, examples = field.annotation, list(field.metadata), field.examples or []
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *found = get_args(annotation)
        for rule in found:
            rules += getattr(rule, "metadata", [rule])
            examples += getattr(rule, "examples", None) or []
    if get_origin(annotation) is Literal:
        return ", ".join(get_args(annotation))
    if annotation is bool:
        return "true, false"
    if get_origin(annotation) is tuple:
        return f"a list like {examples[0]}" if examples else "a list of texts"
    if annotation is Path:
        return "a path"
    if annotation is str:
        return f"text like {' or '.join(examples)}" if examples else "text without spaces"
    bounds = [
        f"{word} {getattr(rule, limit)}"
        for limit, word in (("ge", "from"), ("gt", "above"), ("le", "to"))
        for rule in rules
        if getattr(rule, limit, None) is not None
    ]
    return " ".join(["an integer" if annotation is int else "a number", *bounds])
