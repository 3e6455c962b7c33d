"""Entry point of the `s9s` command."""

from __future__ import annotations


def main() -> None:
    """Run the `s9s` command line."""
    from s9s.cli import cli

    cli(prog_name="s9s")


if __name__ == "__main__":
    main()
