"""What runs the blocks finds what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.serving import Server
from tests.programs import lacking
from tests.site.blocks import Block, blocks
from tests.site.golang import GoPrograms
from tests.site.running import FAILURES, PageRun, check_schema, check_usage
from tests.site.sessions import BlockFailed

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.timeout(120)]

BROKEN = {
    "sh": ["false | true", 'curl "$S9S_API_URL/v1/nothing"', "echo $nobody_said_so"],
    "python": ['client.jobs.get("9")', "import warnings; warnings.warn('old')", "print(job)"],
    "javascript": [
        "await client.jobs.get('9');",
        "console.log(job);",
        "setTimeout(() => { throw Error(); }); await new Promise(r => setTimeout(r, 50));",
    ],
    "toml": ["[server]\nhots = 1\n"],
    "json": ['{"job_id": 1}'],
    "http": ["X-Nothing: 1"],
    "text": ["something else"],
    "": ["anything"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text"), [(one, text) for one, texts in BROKEN.items() for text in texts]
)
def test_a_broken_block_fails(
    language: str, text: str, server: Server, package: Path | None, tmp_path: Path
) -> None:
    if language == "javascript" and package is None:
        lacking("there is no node with npm on this machine")
    page = tmp_path / "page.md"
    with PageRun(server, tmp_path, None, package) as run:
        run.run(Block(page, 1, "sh", 'echo \'{"job_id": "1"}\''))
        with pytest.raises(FAILURES):
            run.run(Block(page, 2, language, text))


def test_a_block_that_does_not_end_fails(server: Server, tmp_path: Path) -> None:
    with PageRun(server, tmp_path, None, None) as run:
        run.seconds = 0.2
        with pytest.raises(BlockFailed, match="not done after"):
            run.run(Block(tmp_path / "page.md", 1, "sh", "sleep 100"))


def test_a_broken_go_block_fails(server: Server, tmp_path: Path) -> None:
    text = 'job, err := client.Jobs.Get("9")\nif err != nil {\n\tlog.Fatal(err)\n}\nfmt.Println(job)\n'
    block = Block(Path(__file__), 1, "go", text)
    (tmp_path / "go").mkdir()
    (tmp_path / "page").mkdir()
    programs = GoPrograms(tmp_path / "go", [block])
    with (
        PageRun(server, tmp_path / "page", programs, None) as run,
        pytest.raises(BlockFailed, match="not found"),
    ):
        run.run(block)


def test_words_stand_for_others(server: Server, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- as bob -->\n<!-- given 12345: echo 7 -->\n\n  ```sh\n  echo 12345\n  ```\n\n```text\n7\n```\n"
    )
    with PageRun(server, tmp_path, None, None) as run:
        for block in blocks(page):
            assert block.user == "bob"
            run.run(block)


@pytest.mark.parametrize("text", ["```sh\necho\n", "<!-- not run: why -->\nwords\n"])
def test_a_page_that_cannot_be_read_is_an_error(text: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(SyntaxError):
        blocks(page)


def test_schemas_and_usages_are_held_to() -> None:
    check_usage("s9s token create [OPTIONS]")
    for wrong in (
        lambda: check_usage("s9s token make [OPTIONS]"),
        lambda: check_schema({"reason": 1}, "DrainBody"),
    ):
        with pytest.raises(BlockFailed):
            wrong()
