"""`s9s hook`: the script that lets Slurm tell the server at once what has changed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Final

import click

from s9s.cli.options import configured, load

#: All that it runs is part of every Linux (coreutils, util-linux). It ends after a few milliseconds; what
#: could wait waits in a session of its own for two seconds at most: slurmctld neither sees nor ends that.
#: slurmctld kills what is left in the script's process group as soon as the script has ended, so that the
#: script ends no sooner than the sender has left it: the substitution waits until its output is closed.
SCRIPT: Final = """\
#!/bin/sh
# Tells S9S at once that a job has started or ended, or that a node has changed. It never delays Slurm and
# never fails, whether or not the server runs. In slurm.conf (each line is of use by itself):
#
#   PrologSlurmctld={program}
#   EpilogSlurmctld={program}
#   JobCompType=jobcomp/script
#   JobCompLoc={program}
#
# and for nodes, as SlurmUser:
#
#   strigger --set --node --down --flags=PERM --program={program}
#   strigger --set --node --up --flags=PERM --program={program}
#   strigger --set --node --drained --flags=PERM --program={program}
PATH=/usr/bin:/bin
socket={socket}
if [ -n "${{SLURM_JOB_ID:-}}${{JOBID:-}}" ]; then
    what="job ${{SLURM_JOB_ID:-$JOBID}}"
else
    what="nodes ${{1:-}}"
fi
if [ -S "$socket" ]; then
    send='exec >/dev/null; exec timeout 2 logger --socket-errors=off -u "$0" -- "$1"'
    : "$(setsid -f sh -c "$send" "$socket" "s9s $what" </dev/null 2>/dev/null)"
fi
exit 0
"""


@click.command()
@click.option(
    "--socket",
    type=click.Path(path_type=Path),
    help="Where the server listens; by default what events.hook_socket says.",
)
@click.option(
    "--program",
    type=click.Path(path_type=Path),
    default=Path("/etc/slurm/s9s-hook"),
    show_default=True,
    help="Where the script will be, for the lines of slurm.conf in it.",
)
@configured
def hook(socket: Path | None, program: Path, config: Path | None, state_dir: Path | None) -> None:
    """Print the script that Slurm runs to tell the server at once of what has changed.

    Write it to a file on the host of slurmctld, make that executable, and name it in slurm.conf as the
    script itself says.
    """
    path = socket or load(config, state_dir).events.hook_socket
    if path is None:
        raise click.ClickException("Set events.hook_socket, such as /run/s9s/hook.sock, or give --socket")
    click.echo(SCRIPT.format(socket=shlex.quote(str(path)), program=program), nl=False)
