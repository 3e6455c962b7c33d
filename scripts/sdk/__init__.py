"""The generated parts of the clients in sdk/, made from docs/openapi.yaml.

``make sdk`` writes them anew, and a test fails while one of them is behind the document.
"""

from pathlib import Path

from scripts.sdk import go, javascript, python
from scripts.sdk.model import Api, read


def files(api: Api | None = None) -> dict[Path, str]:
    """Every generated file and its text."""
    api = api or read()
    return {**python.files(api), **javascript.files(api), **go.files(api)}
