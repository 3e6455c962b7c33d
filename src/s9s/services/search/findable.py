"""The things that a search finds besides jobs: nodes, users, partitions, accounts, QOS, reservations.

Views of them are kept until the snapshot has others, one for each thing that callers may see differently.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from s9s.domain.accounting import User
from s9s.domain.nodes import Node
from s9s.services.access import Caller, may_see_all, may_see_user, visibility_of
from s9s.services.clusters import Cluster
from s9s.services.search.things import (
    Thing,
    of_accounts,
    of_node,
    of_partition,
    of_qos,
    of_reservation,
    of_user,
)
from s9s.snapshot.search import ThingView
from s9s.snapshot.texts import KeptTexts

_KEPT: Final = 16


class Named(NamedTuple):
    """Things of one kind, and how they are searched."""

    view: ThingView
    things: list[Thing]


class Findable:
    """Views of the things of one cluster.

    Args:
        cluster: To be searched.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._named: OrderedDict[Hashable, Named] = OrderedDict()
        self._nodes: dict[str, tuple[Node, Thing]] = {}
        self._texts_of_nodes = KeptTexts(), KeptTexts()

    def views(self, caller: Caller, wanted: list[str]) -> dict[str, Callable[[], Named]]:
        """By kind: what makes the view of what the caller may see, in the thread."""
        info, snapshot = self._cluster.info, self._cluster.snapshot
        users, version = snapshot.users.all(), snapshot.users.generation
        own = snapshot.users.get(caller.user)
        found: dict[str, Callable[[], Named]] = {}
        if "nodes" in wanted and may_see_all(caller, info, "nodes"):
            nodes, generation = snapshot.nodes.all(), snapshot.nodes.generation
            found["nodes"] = lambda: self._kept(
                ("nodes", generation), lambda: self._of_nodes(nodes), self._texts_of_nodes
            )
        if "partitions" in wanted and may_see_all(caller, info, "partitions"):
            partitions = snapshot.partitions.all()
            key = "partitions", snapshot.partitions.generation
            found["partitions"] = lambda: self._kept(key, lambda: map(of_partition, partitions))
        # A reservation tells of its nodes.
        shows = all(may_see_all(caller, info, kind) for kind in ("reservations", "nodes"))
        if "reservations" in wanted and shows:
            reservations = snapshot.reservations.all()
            which = "reservations", snapshot.reservations.generation
            found["reservations"] = lambda: self._kept(which, lambda: map(of_reservation, reservations))
        if "users" in wanted:
            sight = visibility_of(caller, info, own, "users")
            found["users"] = lambda: self._kept(
                ("users", version, sight),
                lambda: [of_user(user) for user in users if may_see_user(sight, user)],
            )
        # With PrivateData=accounts a plain user knows of the own ones.
        sees_accounts = may_see_all(caller, info, "accounts")
        members: list[User] = users if sees_accounts else [own] if own else []
        whose = None if sees_accounts else caller.user
        if "accounts" in wanted:
            found["accounts"] = lambda: self._kept(("accounts", version, whose), lambda: of_accounts(members))
        if "qos" in wanted:
            found["qos"] = lambda: self._kept(("qos", version, whose), lambda: of_qos(members))
        return found

    def _kept(
        self,
        key: Hashable,
        make: Callable[[], Iterable[Thing]],
        texts: tuple[KeptTexts, KeptTexts] | None = None,
    ) -> Named:
        """The view of this key, made once; in the thread."""
        named = self._named.get(key)
        if named is None:
            things = list(make())
            view = ThingView([one.id for one in things], [one.said for one in things], texts)
            named = self._named[key] = Named(view, things)
            if len(self._named) > _KEPT:
                self._named.popitem(last=False)
        self._named.move_to_end(key)
        return named

    def _of_nodes(self, nodes: Sequence[Node]) -> list[Thing]:
        """Of many nodes, few change from one time to the next."""
        before = self._nodes
        self._nodes = {}
        for node in nodes:
            known = before.get(node.node_name)
            self._nodes[node.node_name] = (
                known if known is not None and known[0] is node else (node, of_node(node))
            )
        return [thing for _, thing in self._nodes.values()]
