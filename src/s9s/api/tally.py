"""Counts requests by route, method and status; both lanes count here, in plain ints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from s9s.domain.tallies import Times

#: What no route was found for.
NO_ROUTE: Final = "none"
#: All others together: a client can make up any number of them.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class RouteTally:
    """The requests of one method to one route."""

    __slots__ = ("statuses", "times")

    def __init__(self) -> None:
        self.statuses: Final[defaultdict[int, int]] = defaultdict(int)
        self.times: Final = Times()

    def count(self, status: int, seconds: float) -> None:
        """One more; how long its answer took to begin."""
        self.statuses[status] += 1
        self.times.observe(seconds)


class RequestTally:
    """All requests since the start."""

    def __init__(self) -> None:
        self.routes: Final[defaultdict[tuple[str, str], RouteTally]] = defaultdict(RouteTally)
        """By template of the route (``/v1/jobs/{job_id}``) and method."""
        self._names: dict[str, str] = {}

    def of(self, route: str, method: str) -> RouteTally:
        """The tally of a route and method."""
        return self.routes[route, method if method in _METHODS else "other"]

    def count(self, scope: Mapping[str, Any], method: str, status: int, seconds: float) -> None:
        """A request by its ASGI scope, once the application has routed it."""
        template = scope.get("path_template")
        self.of(self._name(template) if template else NO_ROUTE, method).count(status, seconds)

    def _name(self, template: str) -> str:
        """A template of the framework (``/v1/jobs/{job_id:str}``) as people write it."""
        known = self._names.get(template)
        if known is None:
            known = self._names[template] = re.sub(r":\w+}", "}", template)
        return known

    @property
    def rate_limited(self) -> int:
        """How many were answered 429."""
        return sum(one.statuses.get(429, 0) for one in self.routes.values())
