"""Entry point of the `s9s` command."""


def main() -> None:
    """Run the `s9s` command line."""
    raise SystemExit("s9s: the command line is not built yet")


if __name__ == "__main__":
    main()
