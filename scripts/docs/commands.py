"""The commands as `--help` tells of them."""

import inspect
from collections.abc import Iterator

import click

from s9s.cli import cli


def every_command(
    command: click.Command = cli, context: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    """The command and all below it, each with a context that knows its full name."""
    context = context or click.Context(command, info_name="s9s", **command.context_settings)
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from every_command(below, click.Context(below, context, info_name=name))


def commands() -> str:
    """A section for each command: what it does, how it is called, its options."""
    return "\n\n".join(_section(command, context) for command, context in every_command())


def _section(command: click.Command, context: click.Context) -> str:
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    records = (one.get_help_record(context) for one in command.get_params(context))
    rows = [f"| `{_cell(record[0])}` | {_cell(record[1])} |" for record in records if record]
    parts = [f"## {context.command_path}", _paragraphs(command.help or ""), f"```text\n{usage}\n```"]
    parts.append("\n".join(["| option | meaning |", "|-|-|", *rows]))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
