"""`s9s completion`: what makes a shell complete commands, options and names."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that has a shell complete commands, options, states and names.

    In ~/.bashrc: `eval "$(s9s completion bash)"`; in ~/.zshrc, after compinit, the same with zsh; in fish's
    configuration `s9s completion fish | source`. Partitions, users, nodes and one's own jobs are asked of the
    server of S9S_API_URL, which has two seconds for it.
    """
    from click.shell_completion import get_completion_class

    from s9s.cli.root import cli

    made = get_completion_class(shell)
    assert made is not None
    script = made(cli, {}, "s9s", "_S9S_COMPLETE").source()
    # Click's script for fish takes the second word of a comma list for the end of the answer.
    click.echo(script.replace('string split "," $completion', 'string split --max 1 "," $completion'))
