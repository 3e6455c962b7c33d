"""What is made from docs/openapi.yaml is as the document is now."""

from __future__ import annotations

import pytest

from scripts.sdk import files
from scripts.sdk.model import ROOT
from scripts.sdk.python import to_sync

FILES = files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_generated_files_are_up_to_date(path) -> None:
    assert path.exists(), "run `make sdk`"
    # gofmt's spacing cannot be had everywhere.
    there, made = path.read_text(), FILES[path]
    if path.suffix == ".go":
        there, made = "".join(there.split()), "".join(made.split())
    assert there == made, "run `make sdk`"


def test_the_synchronous_client_waits_for_nothing() -> None:
    for path, text in FILES.items():
        if "_sync" in path.parts:
            for word in ("await ", "async def", "async with", "async for", "asyncio.", "Async", "_async."):
                assert word not in text, f"{word!r} in {path}"
    assert to_sync("async with self._renewing:\n    await x()") == "with self._renewing:\n    x()"
