from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from s9s.storage.database import Database


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/s9s.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with await Database.open(url) as opened:
        yield opened
