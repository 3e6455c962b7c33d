"""Monitoring that needs no credential, because of where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final

from s9s.api.connections import PASSED_ON
from s9s.api.peers import Proxies
from s9s.domain.credentials import parse_address
from s9s.services.access import Caller, Role

#: Sees the totals of the whole cluster, and nothing else.
SCRAPER: Final = Caller("", Role.OPERATOR, frozenset({"metrics:read"}), "network", "enterprise")


class Scrapers:
    """Who may read `/metrics` just so.

    Args:
        networks: Where they are; none: everybody needs a credential.
        proxies: Who is trusted to tell for whom a request is made.
    """

    def __init__(self, networks: Sequence[str], proxies: Proxies) -> None:
        self._networks = tuple(ip_network(one, strict=False) for one in networks)
        self._proxies = proxies

    def caller(self, scope: Mapping[str, Any]) -> Caller | None:
        """Whoever is let in without a credential, for a route that is open to networks; else ``None``."""
        if not self._networks or not scope["route_handler"].opt.get("open_to_networks"):
            return None
        peer = scope["client"][0] if scope.get("client") else None
        if not self._proxies.trusts(peer) and any(name in PASSED_ON for name, _ in scope["headers"]):
            return None  # passed on by a proxy that nobody vouches for: it may be anybody's
        address = parse_address(self._proxies.address_of(scope) or "")
        if address is None or not any(address in network for network in self._networks):
            return None
        return SCRAPER
