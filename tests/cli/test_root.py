import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from s9s import __version__
from s9s.cli import cli

# What the server needs and a short command does not: half a second and more.
HEAVY = "alembic cryptography httpx2 joserfc litestar numpy pydantic_settings rich structlog uvicorn uvloop"

RUN = f"""
import sys
from s9s.cli import cli
cli({{arguments!r}}, standalone_mode=False)
print("loaded:", *(set("{HEAVY}".split()) & set(sys.modules)))
"""


def loaded(state_dir: Path, *arguments: str) -> list[str]:
    finished = subprocess.run(
        [sys.executable, "-c", RUN.format(arguments=list(arguments))],
        env={"S9S_STATE_DIR": str(state_dir), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return finished.stdout.rpartition("loaded:")[2].split()


def test_version() -> None:
    assert CliRunner().invoke(cli, ["--version"]).output == f"s9s {__version__}\n"


def test_help_lists_the_commands() -> None:
    output = CliRunner().invoke(cli, ["-h"]).output
    for name in ("serve", "token", "check"):
        assert f"  {name} " in output


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(cli, ["servo"])
    assert result.exit_code == 2
    assert "servo" in result.stderr


def test_short_commands_load_nothing_of_the_server(tmp_path: Path) -> None:
    assert "alembic" in loaded(tmp_path, "token", "list")  # the first time the schema is made
    assert loaded(tmp_path, "token", "list") == []
    assert loaded(tmp_path, "serve", "--help") == []


def test_bad_settings_end_the_start_before_anything_is_loaded(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        cli, ["serve", "--port", "70000", "--cluster", "magic"], env={"S9S_STATE_DIR": str(tmp_path)}
    )
    assert result.exit_code == 2
    assert "server.port = 70000 (command line): allowed: an integer from 0 to 65535" in result.stderr
    assert "cluster.mode = 'magic' (command line): allowed: auto, simulated, slurmrestd, cli" in result.stderr
