"""Everything that runs in one server, put together and taken apart in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from s9s.api.app import create_app
from s9s.api.context import Services
from s9s.api.front import Front
from s9s.api.lane import JobsLane
from s9s.api.pages import JobPages
from s9s.api.peers import Proxies
from s9s.api.prometheus import Exposition
from s9s.api.tally import RequestTally
from s9s.app.alerts import alerting
from s9s.app.callers import admitting
from s9s.app.delivery import open_mailer, open_outgoing
from s9s.app.events import watched
from s9s.app.history import history_key, recording
from s9s.app.hook import listening
from s9s.app.live import Live, live
from s9s.app.metrics import open_telemetry, sampling
from s9s.app.reaching import reaching
from s9s.app.reports import reporting
from s9s.app.webhooks import posting
from s9s.app.work import background, open_exports
from s9s.config import Settings
from s9s.domain.events import Channel
from s9s.services.clusters import Cluster
from s9s.services.delivery.mail import Mailer
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.efficiency.service import Efficiencies
from s9s.services.identity.clients import Clients
from s9s.services.identity.self_service import SelfService
from s9s.services.identity.tokens import Tokens
from s9s.services.jobs.bulk import Bulk
from s9s.services.jobs.control import JobControl
from s9s.services.jobs.following import Following
from s9s.services.jobs.holds import Holds
from s9s.services.jobs.idempotency import Submissions
from s9s.services.jobs.output import Output
from s9s.services.jobs.service import Jobs
from s9s.services.limits import RateLimits
from s9s.services.live.events import EventLog
from s9s.services.nodes import Nodes
from s9s.services.partitions import Partitions
from s9s.services.search.service import Search
from s9s.services.status import Health
from s9s.services.users import Users
from s9s.storage.database import Database
from s9s.storage.efficiency import EfficiencyRecords
from s9s.storage.history_search import HistorySearch
from s9s.storage.idempotency import IdempotencyRecords
from s9s.storage.notes import HoldNotes


@dataclass(frozen=True)
class Application:
    """A running server's parts."""

    front: Front
    lane: JobsLane
    cluster: Cluster
    services: Services
    tokens: Tokens
    limits: RateLimits
    mailer: Mailer
    outgoing: Outgoing
    events: EventLog
    live: Live
    is_simulated: bool


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Application]:
    """Open the database, reach the cluster, begin to watch it; all of it ended on the way out.

    A cluster that is out of reach does not keep the server from starting: it is tried again and again.
    Raises `DatabaseUnavailable`, and `SlurmUnavailable` when there is no such way to a cluster at all.
    """
    mailer, outgoing = open_mailer(settings), open_outgoing(settings)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(await Database.open(settings.database_url))
        reached = await stack.enter_async_context(reaching(settings))
        cluster, snapshot, is_simulated = reached.cluster, reached.cluster.snapshot, reached.is_simulated
        callers = await stack.enter_async_context(
            admitting(settings, database, snapshot, is_simulated=is_simulated)
        )
        events = await stack.enter_async_context(watched(settings, database, cluster))
        await stack.enter_async_context(listening(settings, cluster))
        name = settings.cluster.name or "default"
        holds = Holds(name, HoldNotes(database), snapshot.jobs)
        await holds.load()
        history, recorder = await stack.enter_async_context(
            recording(settings, cluster, database, reached.clock)
        )
        metrics = await stack.enter_async_context(sampling(settings, cluster, name, database))
        search = Search(cluster, history, HistorySearch(database), history_key(settings))
        stack.callback(search.close)
        queue = await stack.enter_async_context(background(settings, database))
        alerts = await stack.enter_async_context(alerting(settings, cluster, name, database, events, queue))
        reports, schedules = await stack.enter_async_context(
            reporting(settings, database, cluster, queue, callers, mailer, outgoing)
        )
        tally = RequestTally()
        proxies = Proxies(settings.server.trusted_proxies)
        nodes, users, partitions = Nodes(cluster), Users(cluster), Partitions(cluster)
        jobs = Jobs(cluster, holds, history)
        control = JobControl(cluster, jobs, holds)
        output = Output(cluster, jobs)
        following = Following(cluster, output)
        channels = await stack.enter_async_context(
            live(settings, cluster, database, events, jobs, nodes, following, callers, proxies)
        )
        channels.hub.current[Channel.ALERTS] = lambda: alerts.current
        webhooks = await stack.enter_async_context(
            posting(
                settings,
                database,
                channels.hub,
                outgoing,
                callers.standing,
                callers.tokens.known,
                lambda: snapshot.info.name if snapshot.info else name,
            )
        )
        telemetry = open_telemetry(cluster, callers.failures, queue, channels.hub)
        services = Services(
            jobs=jobs,
            job_pages=JobPages(jobs),
            control=control,
            submissions=Submissions(
                cluster,
                control,
                IdempotencyRecords(database),
                keep_seconds=settings.submissions.keep_keys_seconds,
            ),
            bulk=Bulk(jobs, JobControl(cluster, jobs, holds, is_bulk=True)),
            output=output,
            output_streams=channels.output,
            nodes=nodes,
            partitions=partitions,
            users=users,
            history=history,
            efficiencies=Efficiencies(cluster, history_key(settings), EfficiencyRecords(database)),
            metrics=metrics,
            search=search,
            exposition=Exposition(metrics, telemetry, tally),
            health=Health([cluster], database.is_reachable, recorder.status if recorder else None),
            self_service=SelfService(callers.tokens),
            clients=Clients(callers.tokens, callers.failures),
            access_tokens=callers.access_tokens,
            logins=callers.logins,
            audit=callers.audit,
            streams=channels.streams,
            reports=reports,
            schedules=schedules,
            exports=open_exports(
                settings, queue, database, cluster, holds, jobs, nodes, users, partitions, metrics
            ),
            alerts=alerts,
            webhooks=webhooks,
        )
        front = create_app(
            services,
            callers.credentials,
            channels.sockets,
            proxies=proxies,
            limits=callers.limits,
            tally=tally,
            public_networks=settings.metrics.public_networks,
            max_body_bytes=settings.limits.max_body_bytes,
            public_url=settings.server.public_url,
            allowed_origins=settings.server.allowed_origins,
            has_tls=settings.has_tls,
        )
        lane = JobsLane(callers.credentials, proxies, callers.limits, services.job_pages, front)
        yield Application(
            front, lane, cluster, services, callers.tokens, callers.limits, mailer, outgoing, events,
            channels, is_simulated,
        )  # fmt: skip
