"""The top of the command line."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from s9s import __version__

#: Heading, and where the commands below it are.
_SECTIONS: Final = {
    "With any server, from anywhere": {
        "jobs": "s9s.cli.remote.jobs:jobs",
        "job": "s9s.cli.remote.jobs:job",
        "submit": "s9s.cli.remote.jobs:submit",
        "cancel": "s9s.cli.remote.changes:cancel",
        "hold": "s9s.cli.remote.changes:hold",
        "release": "s9s.cli.remote.changes:release",
        "logs": "s9s.cli.remote.jobs:logs",
        "nodes": "s9s.cli.remote.nodes:nodes",
        "drain": "s9s.cli.remote.nodes:drain",
        "resume": "s9s.cli.remote.nodes:resume",
        "top": "s9s.cli.remote.top:top",
        "search": "s9s.cli.remote.search:search",
        "export": "s9s.cli.export:export",
        "report": "s9s.cli.report:report",
        "completion": "s9s.cli.completion:completion",
    },
    "For whoever runs a server, on its host": {
        "serve": "s9s.cli.serve:serve",
        "check": "s9s.cli.check:check",
        "token": "s9s.cli.tokens:token",
        "client": "s9s.cli.clients:client",
        "certificate": "s9s.cli.certificates:certificate",
        "audit": "s9s.cli.audit:audit",
        "history": "s9s.cli.history:history",
        "worker": "s9s.cli.worker:worker",
        "hook": "s9s.cli.hook:hook",
    },
}
_COMMANDS: Final = {name: where for section in _SECTIONS.values() for name, where in section.items()}


class LazyGroup(click.Group):
    """Imports a command's module only when that command, or the list of all, is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under the headings."""
        width = max(map(len, _COMMANDS))
        for heading, section in _SECTIONS.items():
            with formatter.section(heading):
                commands = {name: self.get_command(ctx, name) for name in section}
                formatter.write_dl(
                    [
                        (name.ljust(width), command.get_short_help_str(formatter.width - width - 6))
                        for name, command in commands.items()
                        if command is not None
                    ]
                )


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="s9s", message="%(prog)s %(version)s")
def cli() -> None:
    """REST and WebSocket API server for Slurm clusters, and a client of it."""
