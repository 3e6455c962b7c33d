"""The `s9s` command: one module for each group of commands, loaded when it is called for."""

from s9s.cli.root import cli

__all__ = ["cli"]
