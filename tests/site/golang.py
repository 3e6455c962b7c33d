"""All Go blocks of all pages as one module, compiled in one go."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.sdk.toolchains import GO, GO_ENVIRONMENT, go, run
from tests.site.blocks import Block
from tests.site.sessions import BlockFailed

#: What a block that is no whole program may use, as an editor would import it.
_PACKAGES = [
    "bufio",
    "context",
    "encoding/json",
    "errors",
    "fmt",
    "io",
    "log",
    "net/http",
    "os",
    "strings",
    "time",
]

_MAIN = """package main

import (
	"fmt"
	"os"

	"github.com/s9s/go-client"
)

var blocks = map[string]func(client *s9s.Client){}

func main() {
	block, ok := blocks[os.Args[1]]
	if !ok {
		fmt.Fprintln(os.Stderr, "there is no such block")
		os.Exit(3)
	}
	block(s9s.NewClient(nil))
}
"""


class GoPrograms:
    """The compiled blocks.

    Args:
        directory: An empty one for the module.
        blocks: All that there are.
    """

    def __init__(self, directory: Path, blocks: list[Block]) -> None:
        self._directory = directory
        self._command: dict[str, list[str]] = {}
        (directory / "go.mod").write_text(
            "module pages\n\ngo 1.23\n\nrequire github.com/s9s/go-client v0.0.0\n\n"
            f"replace github.com/s9s/go-client => {GO}\n"
        )
        parts = directory / "parts"
        parts.mkdir()
        (parts / "main.go").write_text(_MAIN)
        for number, block in enumerate(blocks):
            self._put(f"block{number}", block)
        run(go(), "build", "-o", f"{directory}/bin/", "./...", cwd=directory, env=GO_ENVIRONMENT)

    def run(self, block: Block, words: dict[str, str], directory: Path, environment: dict[str, str]) -> str:
        """What the block has printed, with `words` in place of those in it. Raises `BlockFailed`."""
        given = {f"GIVEN_{word}": value for word, value in words.items()}
        done = subprocess.run(
            self._command[block.name], cwd=directory, env=environment | given, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise BlockFailed(f"status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _put(self, name: str, block: Block) -> None:
        text = block.text
        for word in block.givens:
            # What a word stands for is known when the block is run, after it was compiled.
            text = text.replace(f'"{word}"', f'os.Getenv("GIVEN_{word}")')
        if text.startswith("package main"):
            program = self._directory / name
            program.mkdir()
            (program / "main.go").write_text(text)
            self._command[block.name] = [f"{self._directory}/bin/{name}"]
            return
        used = [one for one in _PACKAGES if re.search(rf"\b{one.rpartition('/')[2]}\.", text)]
        imports = "".join(f'import "{one}"\n' for one in used)
        (self._directory / f"parts/{name}.go").write_text(
            f'package main\n\n{imports}import "github.com/s9s/go-client"\n\n'
            f"var _ = s9s.NewClient\n\n"
            f'func init() {{ blocks["{name}"] = {name} }}\n\n'
            f"func {name}(client *s9s.Client) {{\n//line {block.name}\n{text}}}\n"
        )
        self._command[block.name] = [f"{self._directory}/bin/parts", name]
