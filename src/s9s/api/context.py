"""What every route can ask for: the services, the caller, the parameters and the body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.di import Provide

from s9s.api.auditing import Auditing
from s9s.api.following import OutputStreams
from s9s.api.pages import JobPages
from s9s.api.parameters import Parameters, read_body, read_parameters
from s9s.api.prometheus import Exposition
from s9s.api.streams import EventStreams
from s9s.domain.errors import PermissionDenied
from s9s.services.access import Caller
from s9s.services.audit import Audit
from s9s.services.efficiency.service import Efficiencies
from s9s.services.exports.service import Exports
from s9s.services.history.finished import History
from s9s.services.identity.access_tokens import AccessTokens
from s9s.services.identity.clients import Clients
from s9s.services.identity.logins import Logins
from s9s.services.identity.self_service import SelfService
from s9s.services.jobs.bulk import Bulk
from s9s.services.jobs.control import JobControl
from s9s.services.jobs.idempotency import Submissions
from s9s.services.jobs.output import Output
from s9s.services.jobs.service import Jobs
from s9s.services.live.alerts import Alerts
from s9s.services.metrics import Metrics
from s9s.services.nodes import Nodes
from s9s.services.partitions import Partitions
from s9s.services.reports.schedules import Schedules
from s9s.services.reports.service import Reports
from s9s.services.search.service import Search
from s9s.services.status import Health
from s9s.services.users import Users
from s9s.services.webhooks.service import Webhooks


@dataclass(frozen=True)
class Services:
    """The use cases that routes call."""

    jobs: Jobs
    job_pages: JobPages
    control: JobControl
    submissions: Submissions
    bulk: Bulk
    output: Output
    output_streams: OutputStreams
    nodes: Nodes
    partitions: Partitions
    users: Users
    metrics: Metrics
    history: History
    efficiencies: Efficiencies
    exposition: Exposition
    search: Search
    health: Health
    self_service: SelfService
    clients: Clients
    logins: Logins
    access_tokens: AccessTokens
    audit: Audit
    alerts: Alerts
    webhooks: Webhooks
    streams: EventStreams
    exports: Exports
    reports: Reports
    schedules: Schedules


def checks(auditing: Auditing) -> Callable[[Request[Any, Any, Any]], Awaitable[None]]:
    """What is done before every route: the credential's scope, the query parameters, the intent of a write.

    What a route takes stands in its declaration: ``scope``, ``parameters`` and ``payload`` (structs).
    """

    async def check_request(request: Request[Any, Any, Any]) -> None:
        options = request.route_handler.opt
        scope = options.get("scope")
        if scope is not None and not request.user.allows(scope):
            raise PermissionDenied(f"This credential does not allow {scope}", required_scope=scope)
        model = options.get("parameters", Parameters)
        parameters = read_parameters(model, request.scope["query_string"])
        request.scope["state"]["parameters"] = parameters
        if auditing.is_due(request):
            body = [await _payload(request)] if "payload" in options else []
            await auditing.intend(request, parameters, *body)

    return check_request


def _parameters(request: Request[Any, Any, Any]) -> Any:
    return request.scope["state"]["parameters"]


async def _payload(request: Request[Any, Any, Any]) -> Any:
    state = request.scope["state"]
    if "payload" not in state:
        state["payload"] = read_body(request.route_handler.opt["payload"], await request.body())
    return state["payload"]


def _caller(request: Request[Any, Any, Any]) -> Caller:
    caller: Caller = request.user
    return caller


def dependencies(services: Services) -> dict[str, Provide]:
    """Named arguments of routes and where they come from."""
    fixed = {name: Provide(_always(value), sync_to_thread=False) for name, value in vars(services).items()}
    return fixed | {
        "caller": Provide(_caller, sync_to_thread=False),
        "parameters": Provide(_parameters, sync_to_thread=False),
        "payload": Provide(_payload),
    }


def _always(value: Any) -> Any:
    def provide() -> Any:
        return value

    return provide
