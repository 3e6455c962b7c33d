"""What the server answers, and parts of what it is asked.

Made from docs/openapi.yaml by `make sdk`; not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s9s_client.wire import Model


@dataclass(slots=True, kw_only=True)
class AccessToken(Model):
    """An access token, to be sent as a bearer token."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds"""
    scope: str


@dataclass(slots=True, kw_only=True)
class Alert(Model):
    """Something that somebody should know of."""

    alert_id: str
    rule: str
    """node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait, utilization_low, job_failed, job_timeout, job_out_of_memory"""
    severity: str
    """info, warning, critical"""
    state: str
    """open, acknowledged, resolved"""
    subject: str
    """What it is about"""
    message: str
    raised_at: str
    resolved_at: str | None = None
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None
    comment: str | None = None
    silenced: bool
    """Whether a silence kept it from being told"""
    user: str | None = None
    """The owner of the job that it is about"""


@dataclass(slots=True, kw_only=True)
class AlertList(Model):
    """A page of alerts."""

    total: int
    limit: int
    offset: int
    has_more: bool
    alerts: list[Alert]


@dataclass(slots=True, kw_only=True)
class Alive(Model):
    """A process that answers."""

    status: str


@dataclass(slots=True, kw_only=True)
class Association(Model):
    """A user's place in an account."""

    account: str
    partition: str | None = None
    """null: any"""
    qos: list[str]
    default_qos: str | None = None


@dataclass(slots=True, kw_only=True)
class Audit(Model):
    """Something that was done, or refused. What does not apply is null."""

    number: int
    """Of the record in the log; the outcome has one of its own"""
    at: str
    action: str | None = None
    """Operation id, or `login`"""
    user: str | None = None
    """The Slurm user as whom it was done"""
    credential: str | None = None
    """Public id of the credential"""
    address: str | None = None
    method: str | None = None
    route: str | None = None
    resource: str | None = None
    """What it was done to, or what was made by it"""
    what: dict[str, Any] | None = None
    """The request's fields, without secrets"""
    before: dict[str, Any] | None = None
    """States of resources before it"""
    after: dict[str, Any] | None = None
    """States of resources after it"""
    result: str
    """SUCCESS, PARTIAL, an error code, or UNKNOWN: under way or cut short"""
    status: int | None = None
    """Of the answer"""
    request_id: str | None = None
    hash: str
    """SHA-256 of the record, hexadecimal"""


@dataclass(slots=True, kw_only=True)
class AuditList(Model):
    """A page of the audit log."""

    total: int
    limit: int
    offset: int
    has_more: bool
    records: list[Audit]


@dataclass(slots=True, kw_only=True)
class BulkAnswer(Model):
    """A result for every id, in the order given."""

    batch_id: str
    results: list[BulkResult]
    summary: BulkSummary


@dataclass(slots=True, kw_only=True)
class BulkOptions(Model):
    """What goes with the action."""

    force: bool | None = None
    signal: str | None = None
    reason: str | None = None
    priority: int | None = None


@dataclass(slots=True, kw_only=True)
class BulkResult(Model):
    """What came of one id."""

    job_id: str
    status: str
    message: str
    code: str | None = None
    """The error's code"""


@dataclass(slots=True, kw_only=True)
class BulkSummary(Model):
    """How many came out how."""

    total: int
    successful: int
    failed: int


@dataclass(slots=True, kw_only=True)
class CallerStatus(Model):
    """Who asks."""

    user: str
    role: str
    scopes: list[str]
    token_id: str


@dataclass(slots=True, kw_only=True)
class ClusterMetrics(Model):
    """A cluster at one moment."""

    timestamp: str
    """When Slurm was read"""
    cluster_utilization: ClusterUtilization
    job_counts: dict[str, int]
    """Live jobs by state, and finished ones that ended within the window; every unstarted task of an array counts, as in `squeue -r`"""
    node_counts: dict[str, int]
    """Nodes by state; empty where they are private"""
    queue_stats: QueueStats
    window_seconds: int
    """Span of finished jobs and of waits, before now: a day, less where less is known"""


@dataclass(slots=True, kw_only=True)
class ClusterStatus(Model):
    """One cluster and how it is reached."""

    name: str
    slurm_version: str
    routes: dict[str, str]
    """Operation to the way it takes"""
    reachable: bool
    snapshot_age: float | None = None
    """Seconds since Slurm was last read"""
    snapshot_generation: int
    refresh_interval: float
    """Seconds between two reads at present"""
    jobs: int
    nodes: int
    acts_as: str
    """`anyone`, `nobody` (read only), or the one user"""
    last_error: str | None = None
    notes: list[str]
    history: HistoryStatus | None = None


@dataclass(slots=True, kw_only=True)
class ClusterUtilization(Model):
    """Allocated of all, in percent; null where there is nothing, or nodes are private."""

    cpu_percent: float | None = None
    memory_percent: float | None = None
    gpu_percent: float | None = None


@dataclass(slots=True, kw_only=True)
class Credential(Model):
    """The credential of a request."""

    token_id: str
    kind: str
    """token, api_key, login, client, certificate, oidc"""
    tier: str
    expires_at: str | None = None
    accounts: list[str]
    partitions: list[str]
    networks: list[str]
    own_jobs_only: bool


@dataclass(slots=True, kw_only=True)
class Delivery(Model):
    """Where the report goes."""

    method: str
    email: str | None = None
    url: str | None = None
    status: str | None = None
    """pending, delivered, failed; null without delivery"""
    error: str | None = None
    """Why it failed, or why it is being tried again"""
    secret: str | None = None
    """What a webhook is signed with; in the answer to the request only"""


@dataclass(slots=True, kw_only=True)
class DeliveryEntry(Model):
    """One post of a webhook."""

    delivery_id: str
    kind: str
    """`gap`: events were not kept so long"""
    state: str
    """`dead`: given up, to be redelivered by hand"""
    first_sequence: int
    last_sequence: int
    events: int
    """How many are in it"""
    attempts: int
    created_at: str
    next_attempt_at: str | None = None
    """null: none will be made by itself"""
    finished_at: str | None = None
    error: str | None = None
    """Why the last attempt failed, if it did"""


@dataclass(slots=True, kw_only=True)
class DeliveryList(Model):
    """A page of deliveries."""

    total: int
    limit: int
    offset: int
    has_more: bool
    deliveries: list[DeliveryEntry]


@dataclass(slots=True, kw_only=True)
class DeliveryWish(Model):
    """Where the report goes when it is done; it can be fetched in any case."""

    method: str | None = None
    email: str | None = None
    """One address"""
    url: str | None = None
    """Where a webhook posts to"""
    secret: str | None = None
    """What a webhook is signed with; without it one is made"""


@dataclass(slots=True, kw_only=True)
class Dependency(Model):
    """Start only after another job: `afterok`, `afterany`, `afternotok`, `after`, `singleton`."""

    type: str
    job_id: str | int | None = None


@dataclass(slots=True, kw_only=True)
class EfficiencyEntry(Model):
    """A job, or all jobs with something in common; what does not apply is null."""

    jobs: int
    cpu_efficiency: float | None = None
    """CPU time used over CPU time allocated"""
    memory_efficiency: float | None = None
    """Most memory used over memory allocated"""
    gpu_efficiency: float | None = None
    """GPU utilization"""
    cpu_hours: float
    """Allocated, whether use was measured or not"""
    memory_gib_hours: float
    gpu_hours: float
    wasted_cpu_hours: float | None = None
    """Allocated and not used"""
    wasted_memory_gib_hours: float | None = None
    wasted_gpu_hours: float | None = None
    job_id: str | None = None
    job_name: str | None = None
    user: str | None = None
    account: str | None = None
    partition: str | None = None
    state: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    """null while the job runs. Of a group: of the latest job"""
    elapsed_time: str
    """Of a group: of all jobs together"""
    max_memory_used: str | None = None
    """Over all nodes"""
    max_memory_node: str | None = None
    """Where the largest task ran"""
    request: Request | None = None
    suggested_request: Suggestion | None = None


@dataclass(slots=True, kw_only=True)
class EfficiencyList(Model):
    """A page of jobs or sums, the worst first."""

    total: int
    limit: int
    offset: int
    has_more: bool
    efficiency: list[EfficiencyEntry]
    summary: Figures
    """Of everything that passes the filters"""
    group_by: str
    start_time: str
    end_time: str


@dataclass(slots=True, kw_only=True)
class Export(Model):
    """An export."""

    export_id: str
    status: str
    download_url: str | None = None
    """Where the file is, once it is completed"""
    file_size: int | None = None
    """Bytes"""
    record_count: int
    """Rows; those that are written so far while it is made"""
    progress: float
    """0 to 1"""
    created_at: str
    completed_at: str | None = None
    """When it was finished, in whatever way"""
    expires_at: str
    """When the file is deleted"""
    type: str
    format: str
    filename: str
    checksum: str | None = None
    """Of the file"""
    error: str | None = None
    """Why it failed, or why it is being tried again"""
    user: str
    """Who asked for it"""


@dataclass(slots=True, kw_only=True)
class ExportAnswer(Model):
    """What became of an export that was to be deleted."""

    export_id: str
    status: str
    message: str


@dataclass(slots=True, kw_only=True)
class ExportList(Model):
    """A page of exports."""

    total: int
    limit: int
    offset: int
    has_more: bool
    exports: list[Export]


@dataclass(slots=True, kw_only=True)
class ExportOptions(Model):
    """How the file is written."""

    include_headers: bool | None = None
    """Whether the columns have headings"""
    delimiter: str | None = None
    """Between the cells of CSV: comma, semicolon, tab or |"""
    filename: str | None = None
    """Name of the file when it is saved; the format's extension is added if it lacks"""
    bom: bool | None = None
    """Begin CSV with a byte order mark, for names beyond ASCII in Excel"""


@dataclass(slots=True, kw_only=True)
class Figures(Model):
    """Null where nothing was measured, never zero."""

    jobs: int
    cpu_efficiency: float | None = None
    """CPU time used over CPU time allocated"""
    memory_efficiency: float | None = None
    """Most memory used over memory allocated"""
    gpu_efficiency: float | None = None
    """GPU utilization"""
    cpu_hours: float
    """Allocated, whether use was measured or not"""
    memory_gib_hours: float
    gpu_hours: float
    wasted_cpu_hours: float | None = None
    """Allocated and not used"""
    wasted_memory_gib_hours: float | None = None
    wasted_gpu_hours: float | None = None


@dataclass(slots=True, kw_only=True)
class HistoryStatus(Model):
    """How far back finished jobs are recorded."""

    source: str
    """`accounting`, or `slurmctld`: only what ends while it is watched, and no usage"""
    since: str | None = None
    """All jobs that ended from here ..."""
    until: str | None = None
    """... to here are recorded"""
    wanted_since: str | None = None
    """The first fill goes back so far"""
    progress: float | None = None
    """Of the first fill, 0 to 1"""
    last_error: str | None = None
    runaway_jobs: int | None = None
    """Running in accounting and unknown to slurmctld; null where nobody can tell"""


@dataclass(slots=True, kw_only=True)
class Job(Model):
    """A job with everything that is known of it."""

    job_id: str
    job_name: str
    user: str
    account: str | None = None
    partition: str
    state: str
    """Slurm's base state"""
    submit_time: str
    start_time: str | None = None
    end_time: str | None = None
    elapsed_time: str
    """As of the snapshot"""
    time_limit: str | None = None
    nodes: list[str]
    node_count: int
    cpu_count: int
    memory: str | None = None
    """Over all nodes"""
    gpus: int
    """Over all nodes"""
    priority: int | None = None
    qos: str | None = None
    working_directory: str | None = None
    standard_output: str | None = None
    standard_error: str | None = None
    exit_code: int | None = None
    """null until the job has ended"""
    reason: str | None = None
    signal: int | None = None
    """The signal that ended the job"""
    flags: list[str]
    """Slurm's further state words"""
    array_job_id: str | None = None
    array_task_id: int | None = None
    array_tasks: str | None = None
    """Tasks of an array that have not started"""
    het_job_id: str | None = None
    het_job_offset: int | None = None
    eligible_time: str | None = None
    expected_start_time: str | None = None
    """The scheduler's estimate for a pending job"""
    hold_reason: str | None = None
    """What the one who held the job gave as reason"""
    comment: str | None = None
    reservation: str | None = None
    features: str | None = None
    command: str | None = None
    """Shown to the owner and to administrators"""
    environment: dict[str, str] | None = None
    """Shown to the owner and to administrators"""
    resources: JobResources
    dependencies: list[JobDependency]
    standard_input: str | None = None
    requeue_count: int


@dataclass(slots=True, kw_only=True)
class JobAnswer(Model):
    """The answer to a change of one job."""

    job_id: str
    state: str
    message: str


@dataclass(slots=True, kw_only=True)
class JobDependency(Model):
    """A condition that has to be met before the job starts."""

    type: str
    job_id: str | None = None
    status: str | None = None


@dataclass(slots=True, kw_only=True)
class JobList(Model):
    """A page of jobs."""

    total: int
    limit: int
    offset: int
    has_more: bool
    jobs: list[JobSummary]


@dataclass(slots=True, kw_only=True)
class JobOutput(Model):
    """A part of a job's output file."""

    job_id: str
    stream: str
    """Which of the two"""
    path: str
    content: str
    """As UTF-8; bytes that are none are replaced"""
    lines: int
    """Lines in `content`"""
    size: int
    """Bytes in the whole file"""
    offset: int
    """Where in the file `content` begins"""
    truncated: bool
    """Whether the file has more than `content`"""


@dataclass(slots=True, kw_only=True)
class JobResources(Model):
    """What a job used; null where nothing was measured."""

    cpu_efficiency: float | None = None
    """CPU time used over CPU time allocated"""
    memory_efficiency: float | None = None
    """Most memory used over memory allocated"""
    gpu_utilization: float | None = None
    max_memory_used: str | None = None
    max_cpu_time: str | None = None
    """CPU time of all steps"""


@dataclass(slots=True, kw_only=True)
class JobSummary(Model):
    """A job in a list. Times are RFC 3339 UTC; what Slurm has not set is null."""

    job_id: str
    job_name: str
    user: str
    account: str | None = None
    partition: str
    state: str
    """Slurm's base state"""
    submit_time: str
    start_time: str | None = None
    end_time: str | None = None
    elapsed_time: str
    """As of the snapshot"""
    time_limit: str | None = None
    nodes: list[str]
    node_count: int
    cpu_count: int
    memory: str | None = None
    """Over all nodes"""
    gpus: int
    """Over all nodes"""
    priority: int | None = None
    qos: str | None = None
    working_directory: str | None = None
    standard_output: str | None = None
    standard_error: str | None = None
    exit_code: int | None = None
    """null until the job has ended"""
    reason: str | None = None
    signal: int | None = None
    """The signal that ended the job"""
    flags: list[str]
    """Slurm's further state words"""
    array_job_id: str | None = None
    array_task_id: int | None = None
    array_tasks: str | None = None
    """Tasks of an array that have not started"""
    het_job_id: str | None = None
    het_job_offset: int | None = None
    eligible_time: str | None = None
    expected_start_time: str | None = None
    """The scheduler's estimate for a pending job"""
    hold_reason: str | None = None
    """What the one who held the job gave as reason"""
    comment: str | None = None
    reservation: str | None = None
    features: str | None = None


@dataclass(slots=True, kw_only=True)
class NewToken(Model):
    """A credential with its secret, which is shown this once."""

    token_id: str
    kind: str
    """token, api_key, login, client, certificate"""
    user: str
    role: str
    """user, operator, admin: at most that; auto: whatever Slurm says of the user"""
    scopes: list[str]
    """Empty: all that the role may"""
    accounts: list[str]
    """Empty: any"""
    partitions: list[str]
    """Empty: any"""
    networks: list[str]
    """Empty: from anywhere"""
    own_jobs_only: bool
    name: str | None = None
    tier: str
    state: str
    """valid, expired, revoked"""
    created_at: str
    expires_at: str | None = None
    """null: never"""
    revoked_at: str | None = None
    last_used_at: str | None = None
    """To the minute"""
    created_by: str | None = None
    """The credential that it was made with"""
    token: str
    """The secret; kept nowhere"""


@dataclass(slots=True, kw_only=True)
class Node(Model):
    """A node; `state` is the one that `sinfo` would show."""

    node_name: str
    state: str
    """DOWN, then DRAIN, then FAIL, else the base state"""
    partitions: list[str]
    cpu_total: int
    cpu_allocated: int
    cpu_load: float | None = None
    memory_total: str
    memory_allocated: str
    memory_free: str | None = None
    """As the node's operating system sees it"""
    gpus_total: int
    gpus_allocated: int
    features: list[str]
    architecture: str | None = None
    os: str | None = None
    boot_time: str | None = None
    last_busy: str | None = None
    jobs: list[str]
    """Jobs on it that the caller may see"""
    reason: str | None = None
    base_state: str
    flags: list[str]
    gres: str | None = None
    reason_user: str | None = None
    reason_time: str | None = None
    resume_after: str | None = None
    """When Slurm resumes it by itself"""
    slurm_version: str | None = None


@dataclass(slots=True, kw_only=True)
class NodeAnswer(Model):
    """The answer to a change of one node, or of each node of a hostlist."""

    node_name: str
    """As it was asked for: a name or a hostlist"""
    state: str
    message: str
    results: list[NodeResult]


@dataclass(slots=True, kw_only=True)
class NodeList(Model):
    """A page of nodes."""

    total: int
    limit: int
    offset: int
    has_more: bool
    nodes: list[Node]


@dataclass(slots=True, kw_only=True)
class NodeResult(Model):
    """What came of one node."""

    node_name: str
    status: str
    message: str
    code: str | None = None


@dataclass(slots=True, kw_only=True)
class Partition(Model):
    """A partition and what is free in it."""

    name: str
    state: str
    nodes_total: int
    nodes_idle: int
    nodes_allocated: int
    nodes_mixed: int
    cpus_total: int
    cpus_allocated: int
    default_time: str | None = None
    max_time: str | None = None
    max_nodes: int | None = None
    """null: as many as there are"""
    priority: int | None = None
    qos: str | None = None
    features: list[str]
    """Of any of its nodes"""
    is_default: bool
    nodes: str
    """Hostlist"""
    allow_accounts: list[str] | None = None
    """null: all"""
    allow_groups: list[str] | None = None
    allow_qos: list[str] | None = None


@dataclass(slots=True, kw_only=True)
class PartitionList(Model):
    """A page of partitions."""

    total: int
    limit: int
    offset: int
    has_more: bool
    partitions: list[Partition]


@dataclass(slots=True, kw_only=True)
class Performance(Model):
    """A series without holes: every interval that overlaps the span asked for."""

    metrics: list[PerformanceBucket]
    interval: str
    count: int


@dataclass(slots=True, kw_only=True)
class PerformanceBucket(Model):
    """One interval. All null but the time where nobody saw the cluster: a gap is no zero."""

    timestamp: str
    """When the interval begins"""
    cpu_utilization: float | None = None
    """Allocated of all CPUs, in percent"""
    memory_utilization: float | None = None
    """Allocated of all memory, in percent"""
    gpu_utilization: float | None = None
    """Allocated of all GPUs, in percent; null where there are none"""
    jobs_submitted: int | None = None
    jobs_completed: int | None = None
    """Jobs that ended as COMPLETED"""
    avg_queue_time: int | None = None
    """Mean seconds from eligible to start of the jobs that started"""
    coverage: float
    """The part of the interval in which the cluster was seen"""


@dataclass(slots=True, kw_only=True)
class QueueStats(Model):
    """Waits of the jobs that started within the window, and how many jobs get done."""

    avg_wait_time: str | None = None
    """null: no job started"""
    max_wait_time: str | None = None
    throughput: float
    """Jobs that ended as COMPLETED, per hour, over the last hour"""
    avg_wait_seconds: int | None = None
    max_wait_seconds: int | None = None
    jobs_started: int
    """Jobs that started within the window"""


@dataclass(slots=True, kw_only=True)
class Report(Model):
    """A report."""

    report_id: str
    status: str
    type: str
    format: str
    parameters: ReportParameters
    delivery: Delivery
    download_url: str | None = None
    """Where the file is, once it is completed"""
    file_size: int | None = None
    """Bytes"""
    filename: str
    checksum: str | None = None
    """Of the file"""
    summary: list[str] | None = None
    """What it says, in a few sentences"""
    progress: float
    """0 to 1"""
    created_at: str
    completed_at: str | None = None
    """When it was finished, in whatever way"""
    expires_at: str
    """When the file is deleted"""
    error: str | None = None
    """Why it failed, or why it is being tried again"""
    user: str
    """Who asked for it"""
    schedule_id: str | None = None
    """The schedule that asked for it"""


@dataclass(slots=True, kw_only=True)
class ReportAnswer(Model):
    """What became of a report that was to be deleted."""

    report_id: str
    status: str
    message: str


@dataclass(slots=True, kw_only=True)
class ReportList(Model):
    """A page of reports."""

    total: int
    limit: int
    offset: int
    has_more: bool
    reports: list[Report]


@dataclass(slots=True, kw_only=True)
class ReportParameters(Model):
    """What of, and when."""

    period: str
    """day, week, month, quarter, year, custom"""
    start_date: str
    end_date: str
    time_zone: str
    partitions: list[str] | None = None
    """null: all"""
    include_charts: bool


@dataclass(slots=True, kw_only=True)
class ReportWish(Model):
    """What of, and when."""

    period: str | None = None
    """The last full one; `start_date` and `end_date` win over it"""
    start_date: str | None = None
    """First day"""
    end_date: str | None = None
    """Last day, which belongs to it"""
    partitions: list[str] | None = None
    """Only these; without it all"""
    include_charts: bool | None = None
    """Whether PDF and HTML have charts"""
    time_zone: str | None = None
    """IANA name, of the days; UTC without it, in a schedule that of the schedule"""


@dataclass(slots=True, kw_only=True)
class Request(Model):
    """What a job had asked for, or was given."""

    cpus: int
    memory: str | None = None
    """Per node"""
    time_limit: str | None = None
    nodes: int
    gpus: int


@dataclass(slots=True, kw_only=True)
class Schedule(Model):
    """A report that is made again and again."""

    schedule_id: str
    name: str
    cron: str
    time_zone: str
    enabled: bool
    type: str
    format: str
    parameters: ScheduleParameters
    delivery: ScheduleDelivery
    next_run_at: str | None = None
    """When it is due; null while it is paused"""
    last_run_at: str | None = None
    """When it was due the last time"""
    last_status: str | None = None
    """Of the last report: processing, completed, failed, cancelled, deleted.

    Else waiting (it is tried again), failed (it could not be asked for), stopped (it is paused until
    its owner resumes it); null: none yet
    """
    last_error: str | None = None
    """Why it waits, failed or was stopped"""
    last_report_id: str | None = None
    created_at: str
    updated_at: str
    user: str
    """Whose it is"""


@dataclass(slots=True, kw_only=True)
class ScheduleAnswer(Model):
    """What became of a schedule."""

    schedule_id: str
    message: str


@dataclass(slots=True, kw_only=True)
class ScheduleDelivery(Model):
    """Where each report goes."""

    method: str
    email: str | None = None
    url: str | None = None
    secret: str | None = None
    """What a webhook is signed with; only in the answer to the request that set it"""


@dataclass(slots=True, kw_only=True)
class ScheduleList(Model):
    """A page of schedules."""

    total: int
    limit: int
    offset: int
    has_more: bool
    schedules: list[Schedule]


@dataclass(slots=True, kw_only=True)
class ScheduleParameters(Model):
    """What of, and when."""

    period: str
    """day, week, month, quarter, year: the last full one before each run; custom"""
    start_date: str | None = None
    """First day; null: as `period` has it"""
    end_date: str | None = None
    """Last day, which belongs to it"""
    time_zone: str
    partitions: list[str] | None = None
    """null: all"""
    include_charts: bool


@dataclass(slots=True, kw_only=True)
class SearchResult(Model):
    """Something that fits."""

    type: str
    """job, node, user, partition, account, qos or reservation"""
    id: str
    title: str
    description: str
    url: str
    """Where it is told in full"""
    score: float
    """1 is an exact id or name"""


@dataclass(slots=True, kw_only=True)
class SearchResults(Model):
    """Results of all types, best first."""

    results: list[SearchResult]
    total: int
    """How many there are in all; of finished jobs in the database up to 1,000 count"""
    query_time: float
    """Seconds"""
    limit: int
    offset: int
    has_more: bool


@dataclass(slots=True, kw_only=True)
class Silence(Model):
    """What nobody is told of for a while."""

    silence_id: str
    rule: str | None = None
    """null: every rule"""
    subject: str | None = None
    """null: every subject"""
    reason: str
    created_by: str
    created_at: str
    ends_at: str


@dataclass(slots=True, kw_only=True)
class SilenceList(Model):
    """All silences that have not ended."""

    total: int
    limit: int
    offset: int
    has_more: bool
    silences: list[Silence]


@dataclass(slots=True, kw_only=True)
class Status(Model):
    """Server, clusters, caller."""

    status: str
    """`ok`, or `degraded` while a cluster is out of reach"""
    version: str
    uptime: float
    """Seconds"""
    started_at: str
    timestamp: str
    clusters: list[ClusterStatus]
    caller: CallerStatus


@dataclass(slots=True, kw_only=True)
class SubmittedJob(Model):
    """The answer to a submission."""

    job_id: str
    state: str
    message: str
    warnings: list[str] | None = None
    """Why Slurm accepts the job but may never start it"""


@dataclass(slots=True, kw_only=True)
class Suggestion(Model):
    """What to ask for the next time, as fields of a submission."""

    cpus: int | None = None
    """Over all nodes"""
    memory: str | None = None
    """Per node"""
    time_limit: str | None = None
    confidence: float
    """Grows with the number of like jobs and with how long they ran"""
    based_on_jobs: int


@dataclass(slots=True, kw_only=True)
class Token(Model):
    """A credential, without its secret."""

    token_id: str
    kind: str
    """token, api_key, login, client, certificate"""
    user: str
    role: str
    """user, operator, admin: at most that; auto: whatever Slurm says of the user"""
    scopes: list[str]
    """Empty: all that the role may"""
    accounts: list[str]
    """Empty: any"""
    partitions: list[str]
    """Empty: any"""
    networks: list[str]
    """Empty: from anywhere"""
    own_jobs_only: bool
    name: str | None = None
    tier: str
    state: str
    """valid, expired, revoked"""
    created_at: str
    expires_at: str | None = None
    """null: never"""
    revoked_at: str | None = None
    last_used_at: str | None = None
    """To the minute"""
    created_by: str | None = None
    """The credential that it was made with"""


@dataclass(slots=True, kw_only=True)
class TokenList(Model):
    """A page of credentials."""

    total: int
    limit: int
    offset: int
    has_more: bool
    tokens: list[Token]


@dataclass(slots=True, kw_only=True)
class User(Model):
    """A Slurm user."""

    username: str
    default_account: str | None = None
    admin_level: str
    jobs_running: int
    jobs_pending: int
    cpu_time_used: str | None = None
    associations: list[Association]
    coordinator_of: list[str]


@dataclass(slots=True, kw_only=True)
class UserList(Model):
    """A page of users."""

    total: int
    limit: int
    offset: int
    has_more: bool
    users: list[User]


@dataclass(slots=True, kw_only=True)
class WebSocketTicket(Model):
    """A ticket for one WebSocket: `wss://.../v1/ws?ticket=...`."""

    ticket: str
    expires_in: int
    """Seconds"""


@dataclass(slots=True, kw_only=True)
class Webhook(Model):
    """Events that are posted to another server."""

    webhook_id: str
    url: str
    name: str | None = None
    user: str
    state: str
    """`stopped`: by the server, for `reason`"""
    reason: str | None = None
    subscriptions: list[WebhookSubscription]
    sequence: int
    """The last event that has been dealt with"""
    lag: int
    """Events since then, wanted or not"""
    failures: int
    """Attempts that have failed since the last one that did not"""
    last_error: str | None = None
    """Why the last attempt failed, if it did"""
    last_delivered_at: str | None = None
    expires_at: str | None = None
    """When the credential ends that it acts with"""
    created_at: str
    updated_at: str
    secret: str | None = None
    """What posts are signed with; in the answer to its making only"""


@dataclass(slots=True, kw_only=True)
class WebhookAnswer(Model):
    """What became of a webhook."""

    webhook_id: str
    message: str


@dataclass(slots=True, kw_only=True)
class WebhookList(Model):
    """A page of webhooks."""

    total: int
    limit: int
    offset: int
    has_more: bool
    webhooks: list[Webhook]


@dataclass(slots=True, kw_only=True)
class WebhookSubscription(Model):
    """Some events: as in a subscription of the WebSocket."""

    channel: str
    filter: dict[str, Any] | None = None
    """As in the channel's list"""


@dataclass(slots=True, kw_only=True)
class WhoAmI(Model):
    """Who makes the request."""

    user: str
    """The Slurm user as whom everything is done"""
    role: str
    """user, operator or admin, as Slurm says it at the moment"""
    scopes: list[str]
    """All that the credential is good for"""
    credential: Credential


AlertList.NESTED = {"alerts": ("list", Alert)}
AuditList.NESTED = {"records": ("list", Audit)}
BulkAnswer.NESTED = {"results": ("list", BulkResult), "summary": ("one", BulkSummary)}
ClusterMetrics.NESTED = {
    "cluster_utilization": ("one", ClusterUtilization),
    "queue_stats": ("one", QueueStats),
}
ClusterStatus.NESTED = {"history": ("one", HistoryStatus)}
DeliveryList.NESTED = {"deliveries": ("list", DeliveryEntry)}
EfficiencyEntry.NESTED = {"request": ("one", Request), "suggested_request": ("one", Suggestion)}
EfficiencyList.NESTED = {"efficiency": ("list", EfficiencyEntry), "summary": ("one", Figures)}
ExportList.NESTED = {"exports": ("list", Export)}
Job.NESTED = {"resources": ("one", JobResources), "dependencies": ("list", JobDependency)}
JobList.NESTED = {"jobs": ("list", JobSummary)}
NodeAnswer.NESTED = {"results": ("list", NodeResult)}
NodeList.NESTED = {"nodes": ("list", Node)}
PartitionList.NESTED = {"partitions": ("list", Partition)}
Performance.NESTED = {"metrics": ("list", PerformanceBucket)}
Report.NESTED = {"parameters": ("one", ReportParameters), "delivery": ("one", Delivery)}
ReportList.NESTED = {"reports": ("list", Report)}
Schedule.NESTED = {"parameters": ("one", ScheduleParameters), "delivery": ("one", ScheduleDelivery)}
ScheduleList.NESTED = {"schedules": ("list", Schedule)}
SearchResults.NESTED = {"results": ("list", SearchResult)}
SilenceList.NESTED = {"silences": ("list", Silence)}
Status.NESTED = {"clusters": ("list", ClusterStatus), "caller": ("one", CallerStatus)}
TokenList.NESTED = {"tokens": ("list", Token)}
User.NESTED = {"associations": ("list", Association)}
UserList.NESTED = {"users": ("list", User)}
Webhook.NESTED = {"subscriptions": ("list", WebhookSubscription)}
WebhookList.NESTED = {"webhooks": ("list", Webhook)}
WhoAmI.NESTED = {"credential": ("one", Credential)}
