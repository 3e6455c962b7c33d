"""Guesses slowed down: failed logins are counted by the address that they come from.

An address may fail so often, and regains that slowly. Beyond it every failure costs a delay, each twice as
long as the one before, in which nothing that is not known already is looked at. Whoever has logged in before
is known, so that somebody who guesses on a login node keeps nobody else there out; and the same wrong secret
again, which is a script with an old token and no guess, counts for less.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from typing import Final

from msgspec import Struct, field

from s9s.domain.credentials import parse_address
from s9s.domain.errors import AuthenticationFailed, RateLimitExceeded

#: Seconds in which an address regains one failure.
REGAIN_SECONDS: Final = 2.0
#: What the same wrong secret counts when it comes again.
REPEATED: Final = 0.25
#: The longest delay, and how long an address that has failed too often is remembered.
MAX_DELAY_SECONDS: Final = 300
MEMORY_SECONDS: Final = 3600
#: Addresses that are remembered; beyond it, the ones that failed longest ago are forgotten.
MAX_ADDRESSES: Final = 10_000
#: Logins of one address that may be under way at once.
MAX_UNDER_WAY: Final = 64
#: Secrets that are remembered as wrong of one address, and as right of all.
_MAX_WRONG: Final = 16
_MAX_RIGHT: Final = 20_000


class _Failures(Struct):
    """What is known of one address."""

    level: float = 0.0
    """Failures that it has not regained."""
    at: float = 0.0
    """When `level` was that; while the address is delayed, when that ends."""
    delays: int = 0
    under_way: int = 0
    failed_at: float = 0.0
    wrong: OrderedDict[bytes, None] = field(default_factory=OrderedDict)


class FailedLogins:
    """What addresses may still try.

    Args:
        allowed: Failures of one address that cost it nothing.
        clock: Seconds that only grow.
    """

    def __init__(self, allowed: int = 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._clock = clock
        self.total = 0
        """Failures since the start."""
        self._addresses: OrderedDict[str, _Failures] = OrderedDict()
        self._right: OrderedDict[bytes, None] = OrderedDict()

    @contextmanager
    def attempt(self, address: str | None, secret: str | bytes) -> Iterator[None]:
        """Around a login: `AuthenticationFailed` out of it is a failure, its end a success.

        Args:
            address: Where it comes from; all from unknown ones, ``None``, count together.
            secret: What was presented, kept as a hash only.

        Raises:
            RateLimitExceeded: Before anything is looked at, while the address has to wait.
        """
        raw = secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
        key = blake2b(raw, digest_size=8).digest()
        failures = self._of(network_of(address))
        if key not in self._right:
            self._check(failures)
        failures.under_way += 1
        try:
            yield
        except AuthenticationFailed:
            self._right.pop(key, None)
            self._count(failures, key)
            raise
        else:
            failures.wrong.pop(key, None)
            _remember(self._right, key, _MAX_RIGHT)
        finally:
            failures.under_way -= 1

    def _of(self, network: str) -> _Failures:
        now = self._clock()
        failures = self._addresses.pop(network, None) or _Failures(at=now)
        if now > failures.at:
            failures.level = max(0.0, failures.level - (now - failures.at) / REGAIN_SECONDS)
            failures.at = now
        if now - failures.failed_at > MEMORY_SECONDS:
            failures.delays = 0
        self._addresses[network] = failures
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        return failures

    def _check(self, failures: _Failures) -> None:
        wait = failures.at - self._clock()
        if wait > 0 or failures.under_way >= MAX_UNDER_WAY:
            seconds = max(1, ceil(wait))
            raise RateLimitExceeded(
                f"Too many failed logins from this address; the next attempt is in {seconds} seconds", seconds
            )

    def _count(self, failures: _Failures, key: bytes) -> None:
        self.total += 1
        now = failures.failed_at = self._clock()
        failures.level += REPEATED if key in failures.wrong else 1.0
        _remember(failures.wrong, key, _MAX_WRONG)
        if failures.level > self._allowed:
            failures.level = float(self._allowed)
            if failures.at <= now:  # else it waits already: these were under way together
                failures.at = now + min(2**failures.delays, MAX_DELAY_SECONDS)
                failures.delays = min(failures.delays + 1, 16)


def network_of(address: str | None) -> str:
    """What is counted as one address: of IPv6 a /64, because whoever has one address there has them all."""
    found = parse_address(address) if address else None
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found) if found else ""


def _remember(keys: OrderedDict[bytes, None], key: bytes, maximum: int) -> None:
    keys[key] = None
    keys.move_to_end(key)
    if len(keys) > maximum:
        keys.popitem(last=False)
