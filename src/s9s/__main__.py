"""Entry point of the `s9s` command."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the `s9s` command line."""
    # Most of a command's time is imports, and a fifth of that went into collecting what stays. The server
    # turns it on again.
    gc.disable()
    from s9s.cli import cli

    cli(prog_name="s9s")


if __name__ == "__main__":
    main()
