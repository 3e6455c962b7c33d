"""What routes are called in the clients: ``client.<resource>.<verb>``, in all three languages.

A new route needs nothing here when its name fits: ``list_reservations`` becomes ``reservations.list``,
``get_export`` ``exports.get``, ``create_report`` ``reports.create``. Else it gets a line.
"""

from __future__ import annotations

import re
from typing import Final

#: Operations whose place and verb their names do not tell.
VERBS: Final[dict[str, tuple[str, str]]] = {
    "bulk_jobs": ("jobs", "bulk"),
    "set_job_priority": ("jobs", "set_priority"),
    "get_job_output": ("jobs", "output"),
    "get_job_error": ("jobs", "error"),
    "set_node_state": ("nodes", "set_state"),
    "get_cluster_metrics": ("metrics", "cluster"),
    "get_performance_metrics": ("metrics", "performance"),
    "create_ticket": ("events", "ticket"),
    "stream_events": ("events", "subscribe"),
    "export_data": ("exports", "create"),
    "get_efficiency": ("metrics", "efficiency"),
    "search_everything": ("search", "query"),
    "list_audit": ("audit", "list"),
    "log_in": ("auth", "login"),
    "list_webhook_deliveries": ("deliveries", "list"),
    "redeliver_webhook": ("deliveries", "redeliver"),
    "whoami": ("auth", "whoami"),
    "issue_access_token": ("auth", "access_token"),
    "get_status": ("server", "status"),
    "asyncapi_json": ("server", "asyncapi_json"),
    "asyncapi_yaml": ("server", "asyncapi_yaml"),
    "openapi_json": ("server", "openapi_json"),
    "openapi_yaml": ("server", "openapi_yaml"),
    "healthz": ("server", "health"),
    "readyz": ("server", "ready"),
}

#: Second addresses of routes, which the clients need not know.
ALIASES: Final = {"create_export"}

#: Answers without an end, whose methods are written by hand; see `events` in each client.
STREAMS: Final = {"stream_events"}

#: Query parameters that a hand-made method has instead.
OMITTED: Final = {"get_job_output": {"follow"}, "get_job_error": {"follow"}}

#: Schemas that are called otherwise in the clients; of the rest a last `Document` or `Body` falls away.
NAMES: Final = {
    "DeliveryBody": "DeliveryWish",
    "JobRow": "JobSummary",
    "ReportParametersBody": "ReportWish",
}

#: Amounts of which none is the same as not asking, so that Go needs no pointer to tell them apart.
ZERO_IS_NOTHING: Final = {"gpus", "gpus_per_node"}

#: What a resource is, for people.
RESOURCES: Final = {
    "jobs": "List, submit, look up and change jobs",
    "nodes": "List nodes and change their state",
    "users": "Slurm's users and their associations",
    "partitions": "Partitions and what is free in them",
    "metrics": "How busy the cluster is and was, and how well jobs use it",
    "exports": "Rows as files",
    "reports": "Reports on how a cluster is used",
    "schedules": "Reports that are made again and again",
    "search": "Find jobs, nodes and users by words",
    "alerts": "What is wrong, by the rules that are configured",
    "webhooks": "Events that are posted to other servers",
    "deliveries": "What webhooks have posted",
    "silences": "Alerts that nobody wants to hear of for a while",
    "events": "Changes as they happen",
    "tokens": "The caller's own credentials",
    "audit": "What was done by whom, for administrators",
    "auth": "Who the caller is, and logging in",
    "server": "How the server and its clusters are",
}


def place_of(operation: str) -> tuple[str, str]:
    """Resource and verb of an operation."""
    if operation in VERBS:
        return VERBS[operation]
    verb, _, noun = operation.partition("_")
    if not noun:
        raise LookupError(f"{operation} has no place in the clients: add it to scripts/sdk/shape.py")
    return (noun if noun.endswith("s") else f"{noun}s"), verb


def model_name(schema: str) -> str:
    """What a schema is called in the clients."""
    return NAMES.get(schema) or re.sub(r"(Document|Body)$", "", schema)


def singular(resource: str) -> str:
    """``Job`` of ``jobs``, for names of types."""
    word = resource if resource in ("search", "status") else resource.removesuffix("s")
    return "".join(part.capitalize() for part in word.split("_"))
