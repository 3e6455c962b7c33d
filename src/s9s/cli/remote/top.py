"""`s9s top`: the cluster as it is, again and again."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from dataclasses import replace
from typing import Any, Final

import click

from s9s.cli.remote.completing import accounts, job_states, partitions, users
from s9s.cli.remote.connection import NotLoggedIn, Refused, Server, remote
from s9s.cli.remote.jobs import named
from s9s.cli.remote.readings import Reader, Reading, Wanted
from s9s.cli.remote.screen import HELP, SORTS, clock, lines
from s9s.cli.remote.tables import show_json

#: Jobs that are read at most: no terminal is higher.
_MOST: Final = 500
_ONCE: Final = 20
#: After a failure the next attempt comes later and later, up to so many seconds.
_LONGEST_PAUSE: Final = 60.0
_STATES: Final = ("RUNNING", "PENDING", None)


@click.command()
@click.option("--state", default="RUNNING", show_default=True, shell_complete=job_states, help="Of the jobs.")
@click.option("--user", shell_complete=users, help="Jobs of these users, a comma list; `me` is you.")
@click.option("--partition", shell_complete=partitions, help="Jobs in these partitions, a comma list.")
@click.option("--account", shell_complete=accounts, help="Jobs of these accounts, a comma list.")
@click.option("--sort", default="cpu_count", show_default=True, help="Field of jobs to sort by.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", show_default=True, help="Order.")
@click.option(
    "--interval",
    type=click.FloatRange(min=1),
    default=2.0,
    show_default=True,
    help="Seconds between two looks; more where the rate limit asks for it.",
)
@click.option(
    "--limit", type=click.IntRange(1, _MOST), help=f"Jobs with --once and --json. [default: {_ONCE}]"
)
@click.option("--once", is_flag=True, help="Print one look and end; so it does in a pipe.")
@click.option("--json", "as_json", is_flag=True, help="Print one look as JSON and end.")
@remote
def top(
    url: str,
    token: str | None,
    sort: str,
    order: str,
    interval: float,
    limit: int | None,
    once: bool,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Watch the cluster: totals, partitions, users and the biggest jobs.

    Keys: q ends, s takes the next order, r turns it around, t takes running, pending or all jobs, u, p and /
    ask for a user, a partition and a name (Enter alone for all), the arrows scroll, space stops and goes on.
    """
    server = Server(url, token)
    filters["user"] = named(server, filters["user"])
    wanted = Wanted(filters, sort, order, limit or _ONCE)
    reader = Reader(server, interval)
    if as_json:
        show_json(reader.read(wanted).to_dict())
    elif once or not (sys.stdin.isatty() and sys.stdout.isatty()):
        _print_once(reader.read(wanted), wanted, limit)
    else:
        Top(reader, wanted).run()


def _print_once(reading: Reading, wanted: Wanted, limit: int | None) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    height = console.height - 1 if console.is_terminal and limit is None else None
    for line in lines(reading, wanted, console.width, height, clock(reading.at), ""):
        console.print(line)


class Top:
    """The view on a terminal, until somebody ends it.

    Another thread reads, so that keys are answered while a server takes its time.
    """

    def __init__(self, reader: Reader, wanted: Wanted) -> None:
        from s9s.cli.remote.keyboard import Keyboard

        self._reader = reader
        self._wanted = wanted
        self._keyboard = Keyboard()
        self._lock = threading.Condition()
        self._reading: Reading | None = None
        self._shown = wanted
        """What `_reading` was asked for."""
        self._failure: Refused | None = None
        self._failures = 0
        self._is_wanted = True
        """Whether to read at once."""
        self._is_paused = False
        self._is_over = False
        self._asking: tuple[str, str] | None = None
        """The filter that is being typed, and its text so far."""

    def run(self) -> None:
        """Show it. Raises `Refused` when nothing can be read, and when the credential ends."""
        from rich.console import Console

        self._reading = self._reader.read(
            self._wanted
        )  # what is wrong from the start is told on the plain screen
        self._is_wanted = False
        console = Console(highlight=False)
        thread = threading.Thread(target=self._read, daemon=True)
        with self._keyboard, console.screen(hide_cursor=True) as screen:
            thread.start()
            try:
                while not self._is_over:
                    self._draw(console, screen)
                    for key in self._keyboard.wait(1.0):
                        self._press(key)
            finally:
                with self._lock:
                    self._is_over = True
                    self._lock.notify()
        if isinstance(self._failure, NotLoggedIn):
            raise self._failure

    def _read(self) -> None:
        while True:
            with self._lock:
                pause = self._reader.pause
                if self._failures:
                    asked = self._failure.retry_after if self._failure else None
                    pause = max(min(pause * 2.0**self._failures, _LONGEST_PAUSE), asked or 0.0)
                self._lock.wait_for(lambda: self._is_over or self._is_wanted, pause)
                if self._is_over:
                    return
                if self._is_paused and not self._is_wanted:
                    continue
                self._is_wanted, wanted = False, self._wanted
            try:
                reading = self._reader.read(wanted)
            except Refused as error:
                with self._lock:
                    self._failure, self._failures = error, self._failures + 1
                    self._is_over |= isinstance(error, NotLoggedIn)
            else:
                with self._lock:
                    self._reading, self._shown = reading, wanted
                    self._failure, self._failures = None, 0
            with contextlib.suppress(OSError):  # the keyboard may be gone already
                self._keyboard.wake()

    def _draw(self, console: Any, screen: Any) -> None:
        from rich.console import Group
        from rich.control import Control

        with self._lock:
            reading, wanted, failure, pause = self._reading, self._shown, self._failure, self._reader.pause
        assert reading is not None
        said = f"{clock(reading.at)}  every {pause:.0f} s"
        if pause > 2 * self._reader.interval:
            said += " (rate limit)"
        if self._is_paused:
            said += "  PAUSED"
        if failure is not None:
            age = time.time() - reading.at
            said = f"{age:.0f} s old: {failure.message.partition(chr(10))[0]}"
        below = HELP
        if self._asking is not None:
            name, text = self._asking
            below = f"{name.removeprefix('job_')}: {text}█  (Enter; nothing for all)"
        width, height = console.size
        if self._wanted.limit != (limit := min(max(height, 1), _MOST)):
            self._want(limit=limit)
        with console:  # at once: a screen that is written in two parts flickers
            console.control(Control.home())
            screen.update(Group(*lines(reading, wanted, width, height, said, below)))

    def _press(self, key: str) -> None:
        if self._asking is not None:
            self._type(key)
            return
        wanted = self._wanted
        page = 10
        match key:
            case "q" | "escape":
                self._is_over = True
            case "s":
                at = SORTS.index(wanted.sort) + 1 if wanted.sort in SORTS else 0
                self._want(sort=SORTS[at % len(SORTS)], offset=0)
            case "r":
                self._want(order="asc" if wanted.order == "desc" else "desc", offset=0)
            case "t":
                now = wanted.filters.get("state")
                at = _STATES.index(now) + 1 if now in _STATES else 0
                self._filter("state", _STATES[at % len(_STATES)])
            case "u" | "p" | "/":
                name = {"u": "user", "p": "partition", "/": "job_name"}[key]
                self._asking = name, wanted.filters.get(name) or ""
            case " ":
                self._is_paused = not self._is_paused
            case "up" | "down" | "pageup" | "pagedown" | "home":
                step = {"up": -1, "down": 1, "pageup": -page, "pagedown": page, "home": -wanted.offset}[key]
                total = self._reading.total if self._reading else 0
                self._want(offset=max(min(wanted.offset + step, total - 1), 0))

    def _type(self, key: str) -> None:
        assert self._asking is not None
        name, text = self._asking
        match key:
            case "enter":
                self._asking = None
                self._filter(name, text.strip() or None)
            case "escape":
                self._asking = None
            case "backspace":
                self._asking = name, text[:-1]
            case "clear":
                self._asking = name, ""
            case _ if len(key) == 1 and key.isprintable():
                self._asking = name, text + key

    def _filter(self, name: str, value: str | None) -> None:
        self._want(filters={**self._wanted.filters, name: value}, offset=0)

    def _want(self, **changes: Any) -> None:
        with self._lock:
            self._wanted = replace(self._wanted, **changes)
            self._is_wanted = True
            self._lock.notify()
