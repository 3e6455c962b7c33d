"""Every route of the server as a method.

Made from docs/openapi.yaml by `make sdk`; not to be edited.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from s9s_client._async.http import AsyncHttp, path
from s9s_client.models import (
    AccessToken,
    Alert,
    AlertList,
    Alive,
    Audit,
    AuditList,
    BulkAnswer,
    BulkOptions,
    ClusterMetrics,
    DeliveryEntry,
    DeliveryList,
    DeliveryWish,
    Dependency,
    EfficiencyEntry,
    EfficiencyList,
    Export,
    ExportAnswer,
    ExportList,
    ExportOptions,
    Job,
    JobAnswer,
    JobList,
    JobOutput,
    JobSummary,
    NewToken,
    Node,
    NodeAnswer,
    NodeList,
    Partition,
    PartitionList,
    Performance,
    Report,
    ReportAnswer,
    ReportList,
    ReportWish,
    Schedule,
    ScheduleAnswer,
    ScheduleList,
    SearchResult,
    SearchResults,
    Silence,
    SilenceList,
    Status,
    SubmittedJob,
    Token,
    TokenList,
    User,
    UserList,
    Webhook,
    WebhookAnswer,
    WebhookList,
    WebhookSubscription,
    WebSocketTicket,
    WhoAmI,
)


class AsyncResource:
    """Base of the resources."""

    def __init__(self, http: AsyncHttp) -> None:
        self._http = http


class AsyncJobOperations(AsyncResource):
    """List, submit, look up and change jobs."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        state: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        qos: str | Sequence[str] | None = None,
        job_name: str | Sequence[str] | None = None,
        job_id: str | Sequence[str] | None = None,
        node: str | Sequence[str] | None = None,
        start_time: str | Sequence[str] | None = None,
        end_time: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> JobList:
        """Live jobs and finished ones, newest first.

        Filters take comma lists and combine. The answer comes from a snapshot that is refreshed every
        second or two; what the caller has changed is always in it.

        Args:
            limit: Maximum results
            offset: Pagination offset
            state: Job states or flags, e.g. `RUNNING,PENDING`
            user: User names
            partition: Partition names
            account: Account names, without regard to case
            qos: QOS names, without regard to case
            job_name: Job names, exactly
            job_id: Job ids; an array's id finds all its tasks
            node: Jobs on these nodes, as names or a hostlist
            start_time: Jobs that had not ended before, as `sacct -S`
            end_time: Jobs that were submitted by then, as `sacct -E`
            sort: Any scalar field of a job
            order: Sort order
        """
        return await self._http.model(
            JobList,
            "GET",
            "/v1/jobs",
            query={
                "limit": limit,
                "offset": offset,
                "state": state,
                "user": user,
                "partition": partition,
                "account": account,
                "qos": qos,
                "job_name": job_name,
                "job_id": job_id,
                "node": node,
                "start_time": start_time,
                "end_time": end_time,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        state: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        qos: str | Sequence[str] | None = None,
        job_name: str | Sequence[str] | None = None,
        job_id: str | Sequence[str] | None = None,
        node: str | Sequence[str] | None = None,
        start_time: str | Sequence[str] | None = None,
        end_time: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[JobSummary]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                state=state,
                user=user,
                partition=partition,
                account=account,
                qos=qos,
                job_name=job_name,
                job_id=job_id,
                node=node,
                start_time=start_time,
                end_time=end_time,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.jobs:
                yield row
            offset += len(page.jobs)
            if not page.has_more or not page.jobs:
                return

    async def submit(
        self,
        *,
        script: str,
        job_name: str | None = None,
        name: str | None = None,
        partition: str | None = None,
        account: str | None = None,
        qos: str | None = None,
        nodes: int | None = None,
        cpus_per_node: int | None = None,
        tasks: int | None = None,
        tasks_per_node: int | None = None,
        cpus_per_task: int | None = None,
        memory: str | int | None = None,
        memory_per_cpu: str | int | None = None,
        gpus: int | None = None,
        gpus_per_node: int | None = None,
        gres: str | None = None,
        time_limit: str | int | None = None,
        time_min: str | int | None = None,
        working_directory: str | None = None,
        standard_input: str | None = None,
        standard_output: str | None = None,
        standard_error: str | None = None,
        environment: Mapping[str, str] | None = None,
        dependencies: Sequence[Dependency | Mapping[str, Any]] | None = None,
        array: str | None = None,
        begin_time: str | None = None,
        deadline: str | None = None,
        features: str | None = None,
        reservation: str | None = None,
        nodelist: str | None = None,
        exclude: str | None = None,
        licenses: str | None = None,
        nice: int | None = None,
        priority: int | None = None,
        hold: bool | None = None,
        requeue: bool | None = None,
        exclusive: bool | None = None,
        comment: str | None = None,
        mail_type: str | None = None,
        mail_user: str | None = None,
        idempotency_key: str | None = None,
    ) -> SubmittedJob:
        """Submit a batch job as the caller's own Slurm user.

        What Slurm accepts but will never start is answered with `warnings` that say why.

        With an `Idempotency-Key` the same request can be sent again and again, and submits one job: later
        ones get the first one's answer, with `Idempotent-Replayed: true`, whatever happened to the
        connection or the server in between. 409 when the key was used for another request, or when the
        server was ended while it submitted and cannot tell whether Slurm took the job. A refused request
        leaves its key unused.

        Args:
            script: Text that starts with `#!`: the batch script itself. An absolute path: the script
                file, read with the submitting user's own permissions. Anything else: a command line,
                wrapped as `sbatch --wrap` does.
            name: Alias of `job_name`
            nodes: Number of nodes
            cpus_per_node: That many CPUs on each node
            memory: Per node: `64GB`, `1500M`; a number is MB
            memory_per_cpu: Per CPU, instead of `memory`
            gpus: Over the whole job, as `sbatch --gpus`
            gres: Per node, as `sbatch --gres`
            time_limit: Any form of `sbatch --time`, also `2h`, `30m`, `7d`; a number is minutes
            time_min: Smallest time limit that would do
            working_directory: Absolute; the home directory by default
            standard_output: May hold Slurm's patterns, `%j`, `%x` and the like
            environment: Variables for the job
            dependencies: All have to be met
            array: As `sbatch --array`
            begin_time: Not before this time (RFC 3339)
            deadline: Removed if it cannot end by this time (RFC 3339)
            features: Constraint, as `sbatch --constraint`
            hold: Submit held
            requeue: Whether the job may be requeued
        """
        return await self._http.model(
            SubmittedJob,
            "POST",
            "/v1/jobs",
            body={
                "script": script,
                "job_name": job_name,
                "name": name,
                "partition": partition,
                "account": account,
                "qos": qos,
                "nodes": nodes,
                "cpus_per_node": cpus_per_node,
                "tasks": tasks,
                "tasks_per_node": tasks_per_node,
                "cpus_per_task": cpus_per_task,
                "memory": memory,
                "memory_per_cpu": memory_per_cpu,
                "gpus": gpus,
                "gpus_per_node": gpus_per_node,
                "gres": gres,
                "time_limit": time_limit,
                "time_min": time_min,
                "working_directory": working_directory,
                "standard_input": standard_input,
                "standard_output": standard_output,
                "standard_error": standard_error,
                "environment": environment,
                "dependencies": dependencies,
                "array": array,
                "begin_time": begin_time,
                "deadline": deadline,
                "features": features,
                "reservation": reservation,
                "nodelist": nodelist,
                "exclude": exclude,
                "licenses": licenses,
                "nice": nice,
                "priority": priority,
                "hold": hold,
                "requeue": requeue,
                "exclusive": exclusive,
                "comment": comment,
                "mail_type": mail_type,
                "mail_user": mail_user,
            },
            headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())},
            repeatable=True,
        )

    async def get(self, job_id: str) -> Job:
        """One job, live or finished; environment and command for its owner and administrators only."""
        return await self._http.model(Job, "GET", path("/v1/jobs/{}", job_id))

    async def cancel(
        self, job_id: str, *, signal: str | Sequence[str] | None = None, force: bool | None = None
    ) -> JobAnswer:
        """Cancel as `scancel` does. Any signal but SIGTERM is only delivered; `force` kills at once.

        Args:
            signal: Signal to send: `SIGUSR1`, `USR1` or `10`; SIGTERM cancels
            force: Kill at once
        """
        return await self._http.model(
            JobAnswer, "DELETE", path("/v1/jobs/{}", job_id), query={"signal": signal, "force": force}
        )

    async def bulk(
        self,
        *,
        action: Literal["cancel", "hold", "priority", "release", "requeue"],
        job_ids: Sequence[str | int],
        options: BulkOptions | Mapping[str, Any] | None = None,
    ) -> BulkAnswer:
        """One action on up to 10,000 jobs; each has a result of its own, and a failure never stops the rest."""
        return await self._http.model(
            BulkAnswer,
            "POST",
            "/v1/jobs/bulk",
            body={"action": action, "job_ids": job_ids, "options": options},
        )

    async def hold(self, job_id: str, *, reason: str | None = None) -> JobAnswer:
        """Keep a pending job from starting. The reason is shown with the job as `hold_reason`."""
        return await self._http.model(
            JobAnswer, "PUT", path("/v1/jobs/{}/hold", job_id), body={"reason": reason}
        )

    async def release(self, job_id: str) -> JobAnswer:
        """Let a held job start again."""
        return await self._http.model(JobAnswer, "PUT", path("/v1/jobs/{}/release", job_id), body={})

    async def set_priority(self, job_id: str, *, priority: int) -> JobAnswer:
        """Set the priority of a job; Slurm lets only operators and administrators raise it."""
        return await self._http.model(
            JobAnswer, "PUT", path("/v1/jobs/{}/priority", job_id), body={"priority": priority}
        )

    async def requeue(self, job_id: str) -> JobAnswer:
        """Put a running or finished job back into the queue."""
        return await self._http.model(JobAnswer, "PUT", path("/v1/jobs/{}/requeue", job_id), body={})

    async def suspend(self, job_id: str) -> JobAnswer:
        """Stop the processes of a running job; Slurm allows it to operators and administrators."""
        return await self._http.model(JobAnswer, "PUT", path("/v1/jobs/{}/suspend", job_id), body={})

    async def resume(self, job_id: str) -> JobAnswer:
        """Continue a suspended job."""
        return await self._http.model(JobAnswer, "PUT", path("/v1/jobs/{}/resume", job_id), body={})

    async def output(
        self, job_id: str, *, lines: int | None = None, offset: int | None = None, length: int | None = None
    ) -> JobOutput:
        """A part of the standard output file; `Accept: text/plain` gives the bytes themselves.

        With `follow=true` the bytes come as they are written, until the job has ended; a file that is not
        there yet is waited for. As a WebSocket the same path sends them as messages, and with `Accept:
        text/event-stream` as Server-Sent Events: whoever was cut off names the last one's id as `Last-
        Event-ID` and goes on there.

        Args:
            lines: The last so many lines
            offset: First byte of a range
            length: Bytes of a range
        """
        return await self._http.model(
            JobOutput,
            "GET",
            path("/v1/jobs/{}/output", job_id),
            query={"lines": lines, "offset": offset, "length": length},
        )

    async def error(
        self, job_id: str, *, lines: int | None = None, offset: int | None = None, length: int | None = None
    ) -> JobOutput:
        """A part of the standard error file; `Accept: text/plain` gives the bytes themselves.

        `follow=true` is as for the output.

        Args:
            lines: The last so many lines
            offset: First byte of a range
            length: Bytes of a range
        """
        return await self._http.model(
            JobOutput,
            "GET",
            path("/v1/jobs/{}/error", job_id),
            query={"lines": lines, "offset": offset, "length": length},
        )


class AsyncNodeOperations(AsyncResource):
    """List nodes and change their state."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        state: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        features: str | Sequence[str] | None = None,
        available: bool | None = None,
        node: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> NodeList:
        """Nodes with what is allocated on them and the jobs that the caller may see.

        Args:
            limit: Maximum results
            offset: Pagination offset
            state: States or flags as a comma list: `IDLE,MIXED`, `DRAIN`, `DRAINING`
            partition: Nodes of any of these partitions
            features: Nodes that have all of these features
            available: Only nodes that could start work now (or not)
            node: Node names or a hostlist
            sort: Any scalar field of a node
            order: Sort order
        """
        return await self._http.model(
            NodeList,
            "GET",
            "/v1/nodes",
            query={
                "limit": limit,
                "offset": offset,
                "state": state,
                "partition": partition,
                "features": features,
                "available": available,
                "node": node,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        state: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        features: str | Sequence[str] | None = None,
        available: bool | None = None,
        node: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Node]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                state=state,
                partition=partition,
                features=features,
                available=available,
                node=node,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.nodes:
                yield row
            offset += len(page.nodes)
            if not page.has_more or not page.nodes:
                return

    async def get(self, node_name: str) -> Node:
        """One node."""
        return await self._http.model(Node, "GET", path("/v1/nodes/{}", node_name))

    async def drain(self, node_name: str, *, reason: str, timeout: str | int | None = None) -> NodeAnswer:
        """Let no more jobs start on a node; those that run go on. After `timeout` it is resumed by itself.

        Args:
            timeout: After it the node is resumed by itself
        """
        return await self._http.model(
            NodeAnswer,
            "PUT",
            path("/v1/nodes/{}/drain", node_name),
            body={"reason": reason, "timeout": timeout},
        )

    async def resume(self, node_name: str) -> NodeAnswer:
        """Put a drained, failing or down node back to work."""
        return await self._http.model(NodeAnswer, "PUT", path("/v1/nodes/{}/resume", node_name), body={})

    async def set_state(self, node_name: str, *, state: str, reason: str | None = None) -> NodeAnswer:
        """Set a node's state. DOWN ends the jobs on it; DOWN, DRAIN and FAIL need a reason.

        Args:
            state: DOWN, DRAIN, RESUME, UNDRAIN, FAIL, IDLE, POWER_UP or POWER_DOWN; DOWN, DRAIN and
                FAIL need a reason
        """
        return await self._http.model(
            NodeAnswer, "PUT", path("/v1/nodes/{}/state", node_name), body={"state": state, "reason": reason}
        )


class AsyncUserOperations(AsyncResource):
    """Slurm's users and their associations."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        user: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        admin_level: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> UserList:
        """Slurm's users with their associations and the numbers of their jobs.

        Args:
            limit: Maximum results
            offset: Pagination offset
            user: User names as a comma list
            account: Users with an association in any of these accounts
            admin_level: none, operator, administrator
            sort: Any scalar field of a user
            order: Sort order
        """
        return await self._http.model(
            UserList,
            "GET",
            "/v1/users",
            query={
                "limit": limit,
                "offset": offset,
                "user": user,
                "account": account,
                "admin_level": admin_level,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        user: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        admin_level: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[User]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                user=user,
                account=account,
                admin_level=admin_level,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.users:
                yield row
            offset += len(page.users)
            if not page.has_more or not page.users:
                return

    async def get(self, username: str) -> User:
        """One user."""
        return await self._http.model(User, "GET", path("/v1/users/{}", username))


class AsyncPartitionOperations(AsyncResource):
    """Partitions and what is free in them."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        state: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> PartitionList:
        """Partitions with their limits and what is free in them.

        Args:
            limit: Maximum results
            offset: Pagination offset
            state: States as a comma list: UP, DOWN, DRAIN, INACTIVE
            sort: Any scalar field of a partition
            order: Sort order
        """
        return await self._http.model(
            PartitionList,
            "GET",
            "/v1/partitions",
            query={"limit": limit, "offset": offset, "state": state, "sort": sort, "order": order},
        )

    async def iterate(
        self,
        *,
        state: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Partition]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(state=state, sort=sort, order=order, limit=limit, offset=offset or None)
            for row in page.partitions:
                yield row
            offset += len(page.partitions)
            if not page.has_more or not page.partitions:
                return

    async def get(self, name: str) -> Partition:
        """One partition."""
        return await self._http.model(Partition, "GET", path("/v1/partitions/{}", name))


class AsyncMetricOperations(AsyncResource):
    """How busy the cluster is and was, and how well jobs use it."""

    async def cluster(self) -> ClusterMetrics:
        """How busy the cluster is now: use of its resources, jobs and nodes by state, waits and throughput."""
        return await self._http.model(ClusterMetrics, "GET", "/v1/metrics/cluster")

    async def performance(
        self,
        *,
        start_time: str | Sequence[str] | None = None,
        end_time: str | Sequence[str] | None = None,
        interval: Literal["10m", "12h", "15m", "1d", "1h", "1m", "2h", "30m", "3h", "4h", "5m", "6h"]
        | None = None,
        partition: str | Sequence[str] | None = None,
    ) -> Performance:
        """The cluster's, or a partition's, utilization, submissions, completions and waits over time.

        One entry for every interval that overlaps the span, also for those in which nobody saw the cluster:
        those are null. By default the last 24 hours by the hour.

        Args:
            start_time: Start time (ISO 8601); by default so that there are 24 intervals
            end_time: End time (ISO 8601); by default now
            interval: Aggregation interval; intervals are aligned to it, days to UTC
            partition: One partition instead of the whole cluster
        """
        return await self._http.model(
            Performance,
            "GET",
            "/v1/metrics/performance",
            query={
                "start_time": start_time,
                "end_time": end_time,
                "interval": interval,
                "partition": partition,
            },
        )

    async def efficiency(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        user: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        state: str | Sequence[str] | None = None,
        job_name: str | Sequence[str] | None = None,
        min_runtime: str | Sequence[str] | None = None,
        min_cpus: int | None = None,
        min_wasted_cpu_hours: float | None = None,
        start_time: str | Sequence[str] | None = None,
        end_time: str | Sequence[str] | None = None,
        group_by: Literal["account", "job", "job_name", "partition", "user"] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> EfficiencyList:
        """How well jobs used CPUs, memory and GPUs, what they wasted, and what to ask for instead.

        One entry for each job, or sums by user, account, partition or kind of job, the most wasteful first.
        Efficiencies are those of `seff`; what nobody has measured is null. Jobs that never ran are left
        out. Finished jobs, and with `state=RUNNING` (also beside others) those that run, as of now.

        Args:
            limit: Maximum results
            offset: Pagination offset
            user: Filter by user
            partition: Filter by partition
            account: Account names, without regard to case
            state: How the jobs ended, by default any way; RUNNING for those that run
            job_name: Job name, exactly
            min_runtime: Minimum runtime threshold; a bare number is minutes
            min_cpus: Jobs with at least so many CPUs
            min_wasted_cpu_hours: Jobs that wasted at least so much
            start_time: Jobs that ended from here; by default 30 days before the end
            end_time: Jobs that ended until here; by default now
            group_by: One entry for each of these
            sort: What is worst, or any other figure
            order: Sort order
        """
        return await self._http.model(
            EfficiencyList,
            "GET",
            "/v1/metrics/efficiency",
            query={
                "limit": limit,
                "offset": offset,
                "user": user,
                "partition": partition,
                "account": account,
                "state": state,
                "job_name": job_name,
                "min_runtime": min_runtime,
                "min_cpus": min_cpus,
                "min_wasted_cpu_hours": min_wasted_cpu_hours,
                "start_time": start_time,
                "end_time": end_time,
                "group_by": group_by,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        user: str | Sequence[str] | None = None,
        partition: str | Sequence[str] | None = None,
        account: str | Sequence[str] | None = None,
        state: str | Sequence[str] | None = None,
        job_name: str | Sequence[str] | None = None,
        min_runtime: str | Sequence[str] | None = None,
        min_cpus: int | None = None,
        min_wasted_cpu_hours: float | None = None,
        start_time: str | Sequence[str] | None = None,
        end_time: str | Sequence[str] | None = None,
        group_by: Literal["account", "job", "job_name", "partition", "user"] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[EfficiencyEntry]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.efficiency(
                user=user,
                partition=partition,
                account=account,
                state=state,
                job_name=job_name,
                min_runtime=min_runtime,
                min_cpus=min_cpus,
                min_wasted_cpu_hours=min_wasted_cpu_hours,
                start_time=start_time,
                end_time=end_time,
                group_by=group_by,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.efficiency:
                yield row
            offset += len(page.efficiency)
            if not page.has_more or not page.efficiency:
                return

    async def scrape(self) -> str:
        """The cluster and the server itself in Prometheus' text format, for who may see the whole cluster.

        Needs no credential from the networks that the server's administrator has opened it to.
        """
        return await self._http.text("GET", "/metrics")


class AsyncSearchOperations(AsyncResource):
    """Find jobs, nodes and users by words."""

    async def query(
        self,
        *,
        q: str | Sequence[str],
        type: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> SearchResults:
        """Jobs (live and finished), nodes, users, partitions, accounts, QOS, reservations in one ranked answer.

        Every word counts, wherever it stands: in a name, a user, an account, a partition, a state, a
        feature. Beginnings of words are found, and so are misspelled ones where nothing is spelled like
        that. Exact ids and names come first.

        Args:
            q: Search query: words, their beginnings, or an id. All words count
            type: Resource types as a comma list: jobs, nodes, users, partitions, accounts, qos,
                reservations; by default all that the credential may read
            limit: Maximum results
            offset: Pagination offset
        """
        return await self._http.model(
            SearchResults, "GET", "/v1/search", query={"q": q, "type": type, "limit": limit, "offset": offset}
        )

    async def iterate(
        self, *, q: str | Sequence[str], type: str | Sequence[str] | None = None, page_size: int = 500
    ) -> AsyncIterator[SearchResult]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.query(q=q, type=type, limit=limit, offset=offset or None)
            for row in page.results:
                yield row
            offset += len(page.results)
            if not page.has_more or not page.results:
                return


class AsyncReportOperations(AsyncResource):
    """Reports on how a cluster is used."""

    async def create(
        self,
        *,
        type: Literal["efficiency", "queue", "usage", "utilization"],
        wait: float | None = None,
        format: Literal["csv", "html", "json", "pdf", "xlsx"] | None = None,
        parameters: ReportWish | Mapping[str, Any] | None = None,
        delivery: DeliveryWish | Mapping[str, Any] | None = None,
    ) -> Report:
        """Have a report made of what the caller may see now.

        It is made in the background and kept for a month; `wait` answers as soon as it is there. A
        utilization report takes `metrics:read` too, all others `jobs:read`.

        Args:
            wait: Answer when it is finished, after so many seconds at the latest
        """
        return await self._http.model(
            Report,
            "POST",
            "/v1/reports",
            query={"wait": wait},
            body={"type": type, "format": format, "parameters": parameters, "delivery": delivery},
        )

    async def list(
        self,
        *,
        type: str | Sequence[str] | None = None,
        status: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> ReportList:
        """The caller's reports, the newest first; administrators see everybody's.

        Args:
            type: utilization, efficiency, usage, queue, as a comma list
            status: processing, completed, failed, cancelled, as a comma list
            user: Reports of this user, for administrators
            limit: Maximum results
            offset: Pagination offset
        """
        return await self._http.model(
            ReportList,
            "GET",
            "/v1/reports",
            query={"type": type, "status": status, "user": user, "limit": limit, "offset": offset},
        )

    async def iterate(
        self,
        *,
        type: str | Sequence[str] | None = None,
        status: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Report]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(type=type, status=status, user=user, limit=limit, offset=offset or None)
            for row in page.reports:
                yield row
            offset += len(page.reports)
            if not page.has_more or not page.reports:
                return

    async def get(self, report_id: str, *, wait: float | None = None) -> Report:
        """How far it is; `wait` answers as soon as it is finished.

        Args:
            wait: Answer when it is finished, after so many seconds at the latest
        """
        return await self._http.model(Report, "GET", path("/v1/reports/{}", report_id), query={"wait": wait})

    async def delete(self, report_id: str) -> ReportAnswer:
        """Cancel a report that is being made; delete one that is finished, with its file."""
        return await self._http.model(ReportAnswer, "DELETE", path("/v1/reports/{}", report_id))

    async def download(self, report_id: str) -> bytes:
        """The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`."""
        return await self._http.bytes("GET", path("/v1/reports/{}/download", report_id))


class AsyncScheduleOperations(AsyncResource):
    """Reports that are made again and again."""

    async def create(
        self,
        *,
        name: str,
        cron: str,
        type: Literal["efficiency", "queue", "usage", "utilization"],
        time_zone: str | None = None,
        enabled: bool | None = None,
        format: Literal["csv", "html", "json", "pdf", "xlsx"] | None = None,
        parameters: ReportWish | Mapping[str, Any] | None = None,
        delivery: DeliveryWish | Mapping[str, Any] | None = None,
    ) -> Schedule:
        """Have a report made, and delivered, whenever a cron expression is due.

        Each report is of what the caller may see at that time. What is missed while no server runs is made
        up once.

        Args:
            name: What people call it
            cron: When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`,
                `@daily`, `@weekly`, `@monthly`
            time_zone: IANA name of the clock that `cron` is about, and of the report's days unless
                `parameters` says otherwise
            enabled: Whether reports are made; false is a pause
        """
        return await self._http.model(
            Schedule,
            "POST",
            "/v1/reports/schedules",
            body={
                "name": name,
                "cron": cron,
                "type": type,
                "time_zone": time_zone,
                "enabled": enabled,
                "format": format,
                "parameters": parameters,
                "delivery": delivery,
            },
        )

    async def list(
        self, *, user: str | Sequence[str] | None = None, limit: int | None = None, offset: int | None = None
    ) -> ScheduleList:
        """The caller's schedules, the newest first; administrators see everybody's.

        Args:
            user: Schedules of this user, for administrators
            limit: Maximum results
            offset: Pagination offset
        """
        return await self._http.model(
            ScheduleList,
            "GET",
            "/v1/reports/schedules",
            query={"user": user, "limit": limit, "offset": offset},
        )

    async def iterate(
        self, *, user: str | Sequence[str] | None = None, page_size: int = 500
    ) -> AsyncIterator[Schedule]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(user=user, limit=limit, offset=offset or None)
            for row in page.schedules:
                yield row
            offset += len(page.schedules)
            if not page.has_more or not page.schedules:
                return

    async def get(self, schedule_id: str) -> Schedule:
        """When it is due next, and what became of its last report."""
        return await self._http.model(Schedule, "GET", path("/v1/reports/schedules/{}", schedule_id))

    async def update(
        self,
        schedule_id: str,
        *,
        name: str | None = None,
        cron: str | None = None,
        time_zone: str | None = None,
        enabled: bool | None = None,
        type: Literal["efficiency", "queue", "usage", "utilization"] | None = None,
        format: Literal["csv", "html", "json", "pdf", "xlsx"] | None = None,
        parameters: ReportWish | Mapping[str, Any] | None = None,
        delivery: DeliveryWish | Mapping[str, Any] | None = None,
    ) -> Schedule:
        """Pause (`"enabled": false`), resume or change a schedule.

        Who changes what it makes, or resumes it, is from then on the one whose rights it has.
        Administrators may pause the schedules of others. What was due during a pause is not made up.

        Args:
            name: What people call it
            cron: When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`,
                `@daily`, `@weekly`, `@monthly`
            time_zone: IANA name of the clock
            enabled: false pauses, true resumes
        """
        return await self._http.model(
            Schedule,
            "PATCH",
            path("/v1/reports/schedules/{}", schedule_id),
            body={
                "name": name,
                "cron": cron,
                "time_zone": time_zone,
                "enabled": enabled,
                "type": type,
                "format": format,
                "parameters": parameters,
                "delivery": delivery,
            },
        )

    async def delete(self, schedule_id: str) -> ScheduleAnswer:
        """Make no more of its reports; those that were made stay."""
        return await self._http.model(ScheduleAnswer, "DELETE", path("/v1/reports/schedules/{}", schedule_id))


class AsyncAuthOperations(AsyncResource):
    """Who the caller is, and logging in."""

    async def login(self, *, username: str, password: str) -> NewToken:
        """Give a user a personal token for a few hours; 404 where logins are not set up."""
        return await self._http.model(
            NewToken, "POST", "/v1/login", body={"username": username, "password": password}
        )

    async def whoami(self) -> WhoAmI:
        """The caller's user and role, and all that the credential is good for."""
        return await self._http.model(WhoAmI, "GET", "/v1/whoami")

    async def access_token(
        self,
        *,
        grant_type: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scope: str | None = None,
    ) -> AccessToken:
        """Give a client an access token (OAuth 2.0, grant `client_credentials`).

        The body is JSON or a form. Errors are those of RFC 6749.

        Args:
            scope: Separated by blanks; all of the client's by default
        """
        return await self._http.model(
            AccessToken,
            "POST",
            "/oauth/token",
            body={
                "grant_type": grant_type,
                "client_id": client_id,
                "client_secret": client_secret,
                "scope": scope,
            },
        )


class AsyncTokenOperations(AsyncResource):
    """The caller's own credentials."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        user: str | Sequence[str] | None = None,
        kind: str | Sequence[str] | None = None,
        state: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> TokenList:
        """The caller's own credentials, everybody's for an administrator; never their secrets.

        Args:
            limit: Maximum results
            offset: Pagination offset
            user: User names as a comma list; for administrators
            kind: token, api_key, login, client, certificate, as a comma list
            state: valid, expired, revoked, as a comma list
            sort: Any scalar field of a credential
            order: Sort order
        """
        return await self._http.model(
            TokenList,
            "GET",
            "/v1/tokens",
            query={
                "limit": limit,
                "offset": offset,
                "user": user,
                "kind": kind,
                "state": state,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        user: str | Sequence[str] | None = None,
        kind: str | Sequence[str] | None = None,
        state: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Token]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                user=user, kind=kind, state=state, sort=sort, order=order, limit=limit, offset=offset or None
            )
            for row in page.tokens:
                yield row
            offset += len(page.tokens)
            if not page.has_more or not page.tokens:
                return

    async def create(
        self,
        *,
        name: str | None = None,
        kind: Literal["api_key", "token"] | None = None,
        role: Literal["admin", "operator", "user"] | None = None,
        scopes: Sequence[str] | None = None,
        expires_in: int | None = None,
        tier: Literal["enterprise", "free", "pro"] | None = None,
        accounts: Sequence[str] | None = None,
        partitions: Sequence[str] | None = None,
        networks: Sequence[str] | None = None,
        own_jobs_only: bool | None = None,
    ) -> NewToken:
        """Make a token or an API key for the caller's own user.

        Its secret is in this answer and nowhere else.

        It can be narrower than the credential that the request is made with, never wider, and lives no
        longer.

        Args:
            kind: `api_key` for the header X-API-Key
            role: How much it sees at most; never more than Slurm says of the user
            expires_in: Seconds
            tier: Of the rate limits
            accounts: Only jobs of these accounts
            partitions: Only jobs in these partitions
            networks: Only from these addresses
            own_jobs_only: Only the user's own jobs
        """
        return await self._http.model(
            NewToken,
            "POST",
            "/v1/tokens",
            body={
                "name": name,
                "kind": kind,
                "role": role,
                "scopes": scopes,
                "expires_in": expires_in,
                "tier": tier,
                "accounts": accounts,
                "partitions": partitions,
                "networks": networks,
                "own_jobs_only": own_jobs_only,
            },
        )

    async def get(self, token_id: str) -> Token:
        """One credential, without its secret."""
        return await self._http.model(Token, "GET", path("/v1/tokens/{}", token_id))

    async def revoke(self, token_id: str) -> Token:
        """Make one's own credential invalid for good, anyone's for an administrator; at once."""
        return await self._http.model(Token, "DELETE", path("/v1/tokens/{}", token_id))


class AsyncAlertOperations(AsyncResource):
    """What is wrong, by the rules that are configured."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        state: str | Sequence[str] | None = None,
        rule: str | Sequence[str] | None = None,
        severity: str | Sequence[str] | None = None,
        subject: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> AlertList:
        """What is or was wrong.

        With the cluster, for everybody; with nodes, for those who may see them; with jobs, for their owners
        and operators.

        Args:
            limit: Maximum results
            offset: Pagination offset
            state: open, acknowledged, resolved, as a comma list
            rule: node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale,
                queue_wait, utilization_low, job_failed, job_timeout, job_out_of_memory, as a comma list
            severity: info, warning, critical, as a comma list
            subject: What it is about
            sort: Any scalar field of an alert
            order: Sort order
        """
        return await self._http.model(
            AlertList,
            "GET",
            "/v1/alerts",
            query={
                "limit": limit,
                "offset": offset,
                "state": state,
                "rule": rule,
                "severity": severity,
                "subject": subject,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        state: str | Sequence[str] | None = None,
        rule: str | Sequence[str] | None = None,
        severity: str | Sequence[str] | None = None,
        subject: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Alert]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                state=state,
                rule=rule,
                severity=severity,
                subject=subject,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.alerts:
                yield row
            offset += len(page.alerts)
            if not page.has_more or not page.alerts:
                return

    async def get(self, alert_id: str) -> Alert:
        """One alert."""
        return await self._http.model(Alert, "GET", path("/v1/alerts/{}", alert_id))

    async def acknowledge(self, alert_id: str, *, comment: str | None = None) -> Alert:
        """Say that somebody sees to it; for operators, and for the owner of the job that it is about."""
        return await self._http.model(
            Alert, "PUT", path("/v1/alerts/{}/acknowledge", alert_id), body={"comment": comment}
        )


class AsyncSilenceOperations(AsyncResource):
    """Alerts that nobody wants to hear of for a while."""

    async def list(self, *, limit: int | None = None, offset: int | None = None) -> SilenceList:
        """What nobody is told of at the moment; for operators.

        Args:
            limit: Maximum results
            offset: Pagination offset
        """
        return await self._http.model(
            SilenceList, "GET", "/v1/silences", query={"limit": limit, "offset": offset}
        )

    async def iterate(self, page_size: int = 500) -> AsyncIterator[Silence]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(limit=limit, offset=offset or None)
            for row in page.silences:
                yield row
            offset += len(page.silences)
            if not page.has_more or not page.silences:
                return

    async def create(
        self, *, duration: str, reason: str, rule: str | None = None, subject: str | None = None
    ) -> Silence:
        """Have nobody told of some alerts for a while, as during maintenance; they are listed all the same.

        For operators.

        Args:
            duration: For how long, at most 31 days
            rule: Only this one: node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable,
                snapshot_stale, queue_wait, utilization_low, job_failed, job_timeout, job_out_of_memory
            subject: Only what this is about; with `*` at the end all that begins so
        """
        return await self._http.model(
            Silence,
            "POST",
            "/v1/silences",
            body={"duration": duration, "reason": reason, "rule": rule, "subject": subject},
        )

    async def end(self, silence_id: str) -> Silence:
        """Have alerts told of again; for operators."""
        return await self._http.model(Silence, "DELETE", path("/v1/silences/{}", silence_id))


class AsyncAuditOperations(AsyncResource):
    """What was done by whom, for administrators."""

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        user: str | Sequence[str] | None = None,
        action: str | Sequence[str] | None = None,
        resource: str | Sequence[str] | None = None,
        since: str | Sequence[str] | None = None,
        until: str | Sequence[str] | None = None,
        result: str | Sequence[str] | None = None,
        request_id: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> AuditList:
        """What was done by whom, newest first: every write, failed login, change of a credential and refusal.

        For administrators. `s9s audit verify` tells whether the log is as it was written.

        Args:
            limit: Maximum results
            offset: Pagination offset
            user: As whom it was done; names as a comma list
            action: Operation ids, and `login`, as a comma list
            resource: `jobs/12345`, or `jobs` for all of them
            since: Earliest time
            until: Latest time
            result: SUCCESS, PARTIAL, UNKNOWN or error codes, as a comma list
            request_id: The X-Request-ID of an answer
            sort: Any scalar field of a record
            order: Sort order
        """
        return await self._http.model(
            AuditList,
            "GET",
            "/v1/audit",
            query={
                "limit": limit,
                "offset": offset,
                "user": user,
                "action": action,
                "resource": resource,
                "since": since,
                "until": until,
                "result": result,
                "request_id": request_id,
                "sort": sort,
                "order": order,
            },
        )

    async def iterate(
        self,
        *,
        user: str | Sequence[str] | None = None,
        action: str | Sequence[str] | None = None,
        resource: str | Sequence[str] | None = None,
        since: str | Sequence[str] | None = None,
        until: str | Sequence[str] | None = None,
        result: str | Sequence[str] | None = None,
        request_id: str | Sequence[str] | None = None,
        sort: str | Sequence[str] | None = None,
        order: Literal["asc", "desc"] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Audit]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(
                user=user,
                action=action,
                resource=resource,
                since=since,
                until=until,
                result=result,
                request_id=request_id,
                sort=sort,
                order=order,
                limit=limit,
                offset=offset or None,
            )
            for row in page.records:
                yield row
            offset += len(page.records)
            if not page.has_more or not page.records:
                return


class AsyncEventOperations(AsyncResource):
    """Changes as they happen."""

    async def ticket(self) -> WebSocketTicket:
        """A ticket for one connection to `/v1/ws?ticket=...` within a minute, for browsers.

        Their WebSockets cannot send a header, and a long-lived secret has no place in a URL.
        """
        return await self._http.model(WebSocketTicket, "POST", "/v1/ws/ticket", body={})


class AsyncServerOperations(AsyncResource):
    """How the server and its clusters are."""

    async def asyncapi_json(self) -> Any:
        """What goes over WebSockets and event streams, as AsyncAPI 3."""
        return await self._http.json("GET", "/v1/asyncapi.json")

    async def asyncapi_yaml(self) -> str:
        """What goes over WebSockets and event streams, as AsyncAPI 3."""
        return await self._http.text("GET", "/v1/asyncapi.yaml")

    async def status(self) -> Status:
        """Version, uptime, the clusters with the routes in use and the age of their data, and who asks."""
        return await self._http.model(Status, "GET", "/v1/status")

    async def openapi_json(self) -> Any:
        """This document."""
        return await self._http.json("GET", "/v1/openapi.json")

    async def openapi_yaml(self) -> str:
        """This document."""
        return await self._http.text("GET", "/v1/openapi.yaml")

    async def health(self) -> Alive:
        """Whether the process is alive; needs no credentials and tells nothing else."""
        return await self._http.model(Alive, "GET", "/healthz")

    async def ready(self) -> Alive:
        """Whether the snapshot is loaded and the database is reachable; 503 until then."""
        return await self._http.model(Alive, "GET", "/readyz")


class AsyncWebhookOperations(AsyncResource):
    """Events that are posted to other servers."""

    async def create(
        self,
        *,
        url: str,
        subscriptions: Sequence[WebhookSubscription | Mapping[str, Any]],
        name: str | None = None,
        since: int | None = None,
    ) -> Webhook:
        """Have events posted to another server, signed, in order, and again until they have arrived.

        The same events as of `/v1/events`, for as long as the credential lasts that this is made with. Only
        targets that the site allows are posted to. The answer has the secret, this once.

        Args:
            subscriptions: One to ten
            name: For its owner to tell it from others
            since: Begin after this event; unset begins with the next
        """
        return await self._http.model(
            Webhook,
            "POST",
            "/v1/webhooks",
            body={"url": url, "subscriptions": subscriptions, "name": name, "since": since},
        )

    async def list(
        self, *, limit: int | None = None, offset: int | None = None, user: str | Sequence[str] | None = None
    ) -> WebhookList:
        """The caller's, the newest first; administrators see everybody's.

        Args:
            limit: Maximum results
            offset: Pagination offset
            user: Webhooks of this user, for administrators
        """
        return await self._http.model(
            WebhookList, "GET", "/v1/webhooks", query={"limit": limit, "offset": offset, "user": user}
        )

    async def iterate(
        self, *, user: str | Sequence[str] | None = None, page_size: int = 500
    ) -> AsyncIterator[Webhook]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(user=user, limit=limit, offset=offset or None)
            for row in page.webhooks:
                yield row
            offset += len(page.webhooks)
            if not page.has_more or not page.webhooks:
                return

    async def get(self, webhook_id: str) -> Webhook:
        """How it is, and how far."""
        return await self._http.model(Webhook, "GET", path("/v1/webhooks/{}", webhook_id))

    async def update(
        self,
        webhook_id: str,
        *,
        state: Literal["active", "paused"] | None = None,
        url: str | None = None,
        subscriptions: Sequence[WebhookSubscription | Mapping[str, Any]] | None = None,
        name: str | None = None,
    ) -> Webhook:
        """Change what is given.

        A webhook that is made active again, or gets another target or other subscriptions, acts with the
        credential of this request from then on. Administrators may pause those of others.

        Args:
            state: `active` begins again; what happened meanwhile is posted
            name: For its owner to tell it from others
        """
        return await self._http.model(
            Webhook,
            "PATCH",
            path("/v1/webhooks/{}", webhook_id),
            body={"state": state, "url": url, "subscriptions": subscriptions, "name": name},
        )

    async def delete(self, webhook_id: str) -> WebhookAnswer:
        """Post nothing more, and forget what was delivered."""
        return await self._http.model(WebhookAnswer, "DELETE", path("/v1/webhooks/{}", webhook_id))

    async def test(self, webhook_id: str) -> DeliveryEntry:
        """Post something of the type `test` now, once, and say whether it arrived."""
        return await self._http.model(
            DeliveryEntry, "POST", path("/v1/webhooks/{}/test", webhook_id), body={}
        )


class AsyncDeliverieOperations(AsyncResource):
    """What webhooks have posted."""

    async def list(
        self,
        webhook_id: str,
        *,
        limit: int | None = None,
        offset: int | None = None,
        state: str | Sequence[str] | None = None,
    ) -> DeliveryList:
        """What was posted lately, the newest first: a hundred that arrived, and a hundred that were given up.

        Args:
            limit: Maximum results
            offset: Pagination offset
            state: pending, delivered, dead, as a comma list
        """
        return await self._http.model(
            DeliveryList,
            "GET",
            path("/v1/webhooks/{}/deliveries", webhook_id),
            query={"limit": limit, "offset": offset, "state": state},
        )

    async def iterate(
        self, webhook_id: str, *, state: str | Sequence[str] | None = None, page_size: int = 500
    ) -> AsyncIterator[DeliveryEntry]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(webhook_id, state=state, limit=limit, offset=offset or None)
            for row in page.deliveries:
                yield row
            offset += len(page.deliveries)
            if not page.has_more or not page.deliveries:
                return

    async def redeliver(self, webhook_id: str, delivery_id: str) -> DeliveryEntry:
        """Post a delivery in the state `dead` once more, now, and say whether it arrived."""
        return await self._http.model(
            DeliveryEntry,
            "POST",
            path("/v1/webhooks/{}/deliveries/{}/redeliver", webhook_id, delivery_id),
            body={},
        )


class AsyncExportOperations(AsyncResource):
    """Rows as files."""

    async def create(
        self,
        *,
        type: Literal["audit", "efficiency", "jobs", "metrics", "nodes", "partitions", "users"],
        wait: float | None = None,
        format: Literal["csv", "html", "json", "markdown", "ndjson", "parquet", "xlsx"] | None = None,
        filter: Mapping[str, Any] | None = None,
        fields: Sequence[str] | None = None,
        options: ExportOptions | Mapping[str, Any] | None = None,
    ) -> Export:
        """Have rows written to a file: exactly those that the caller may see now.

        Takes the scope of the list (`jobs:read` for jobs). The file is made in the background and kept for
        a day; `wait` answers as soon as it is there.

        Args:
            wait: Answer when it is finished, after so many seconds at the latest
            type: What is in the rows; audit is for administrators
            format: Of the file
            filter: The filters of the list of that type, as texts or lists; of metrics span and
                interval
            fields: Columns in their order; without it all. `runtime` is `elapsed_time`
        """
        return await self._http.model(
            Export,
            "POST",
            "/v1/export",
            query={"wait": wait},
            body={"type": type, "format": format, "filter": filter, "fields": fields, "options": options},
        )

    async def list(
        self,
        *,
        status: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> ExportList:
        """The caller's exports, the newest first; administrators see everybody's.

        Args:
            status: processing, completed, failed, cancelled, as a comma list
            user: Exports of this user, for administrators
            limit: Maximum results
            offset: Pagination offset
        """
        return await self._http.model(
            ExportList,
            "GET",
            "/v1/exports",
            query={"status": status, "user": user, "limit": limit, "offset": offset},
        )

    async def iterate(
        self,
        *,
        status: str | Sequence[str] | None = None,
        user: str | Sequence[str] | None = None,
        page_size: int = 500,
    ) -> AsyncIterator[Export]:
        """Every row of all pages of `list`, in its order; a page is fetched when it is due."""
        limit, offset = page_size, 0
        while True:
            page = await self.list(status=status, user=user, limit=limit, offset=offset or None)
            for row in page.exports:
                yield row
            offset += len(page.exports)
            if not page.has_more or not page.exports:
                return

    async def get(self, export_id: str, *, wait: float | None = None) -> Export:
        """How far it is; `wait` answers as soon as it is finished.

        Args:
            wait: Answer when it is finished, after so many seconds at the latest
        """
        return await self._http.model(Export, "GET", path("/v1/exports/{}", export_id), query={"wait": wait})

    async def delete(self, export_id: str) -> ExportAnswer:
        """Cancel an export that is being made; delete one that is finished, with its file."""
        return await self._http.model(ExportAnswer, "DELETE", path("/v1/exports/{}", export_id))

    async def download(self, export_id: str) -> bytes:
        """The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`."""
        return await self._http.bytes("GET", path("/v1/exports/{}/download", export_id))


class AsyncResources:
    """Every resource of the server."""

    def __init__(self, http: AsyncHttp) -> None:
        self.jobs = AsyncJobOperations(http)
        self.nodes = AsyncNodeOperations(http)
        self.users = AsyncUserOperations(http)
        self.partitions = AsyncPartitionOperations(http)
        self.metrics = AsyncMetricOperations(http)
        self.search = AsyncSearchOperations(http)
        self.reports = AsyncReportOperations(http)
        self.schedules = AsyncScheduleOperations(http)
        self.auth = AsyncAuthOperations(http)
        self.tokens = AsyncTokenOperations(http)
        self.alerts = AsyncAlertOperations(http)
        self.silences = AsyncSilenceOperations(http)
        self.audit = AsyncAuditOperations(http)
        self.events = AsyncEventOperations(http)
        self.server = AsyncServerOperations(http)
        self.webhooks = AsyncWebhookOperations(http)
        self.deliveries = AsyncDeliverieOperations(http)
        self.exports = AsyncExportOperations(http)
