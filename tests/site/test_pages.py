"""Every block of every page works as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.serving import Server
from tests.site.blocks import ROOT, blocks, needs, pages
from tests.site.golang import GoPrograms
from tests.site.running import CHECKED, FAILURES, RUN, PageRun
from tests.site.tools import provide

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

#: Of all blocks; each says in its page why.
MOST_NOT_RUN = 12


@pytest.mark.parametrize(
    "page", [page for page in pages() if blocks(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_blocks(
    page: Path, server: Server, programs: GoPrograms | None, package: Path | None, tmp_path: Path
) -> None:
    tools = [directory for tool in needs(page) for directory in provide(tool)]
    with PageRun(server, tmp_path, programs, package, tools) as run:
        for block in blocks(page):
            try:
                run.run(block)
            except FAILURES as failure:
                pytest.fail(f"{block.name}: {failure}\n{block.text}", pytrace=False)


def test_hardly_any_is_left_out() -> None:
    found = [block for page in pages() for block in blocks(page)]
    left_out = [block for block in found if block.not_run is not None]
    assert all(len(block.not_run or "") > 20 for block in left_out), "a reason is a sentence"
    print(f"{len(found)} blocks, not run: {[(block.name, block.not_run) for block in left_out]}")
    assert len(left_out) <= MOST_NOT_RUN
    assert {block.language for block in found} <= RUN.keys() | CHECKED
