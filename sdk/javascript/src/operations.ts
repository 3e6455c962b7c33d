// Every route of the server as a method.
// Made from docs/openapi.yaml by `make sdk`; not to be edited.

import { Http, Resource, path, type CallOptions } from './http.js';
import type {
  AccessToken,
  Alert,
  AlertAcknowledgeRequest,
  AlertList,
  AlertListOptions,
  Alive,
  Audit,
  AuditList,
  AuditListOptions,
  AuthAccessTokenRequest,
  AuthLoginRequest,
  BulkAnswer,
  ClusterMetrics,
  DeliverieListOptions,
  DeliveryEntry,
  DeliveryList,
  EfficiencyEntry,
  EfficiencyList,
  Export,
  ExportAnswer,
  ExportCreateOptions,
  ExportCreateRequest,
  ExportGetOptions,
  ExportList,
  ExportListOptions,
  Job,
  JobAnswer,
  JobBulkRequest,
  JobCancelOptions,
  JobErrorOptions,
  JobHoldRequest,
  JobList,
  JobListOptions,
  JobOutput,
  JobOutputOptions,
  JobSetPriorityRequest,
  JobSubmitRequest,
  JobSummary,
  MetricEfficiencyOptions,
  MetricPerformanceOptions,
  NewToken,
  Node,
  NodeAnswer,
  NodeDrainRequest,
  NodeList,
  NodeListOptions,
  NodeSetStateRequest,
  Partition,
  PartitionList,
  PartitionListOptions,
  Performance,
  Report,
  ReportAnswer,
  ReportCreateOptions,
  ReportCreateRequest,
  ReportGetOptions,
  ReportList,
  ReportListOptions,
  Schedule,
  ScheduleAnswer,
  ScheduleCreateRequest,
  ScheduleList,
  ScheduleListOptions,
  ScheduleUpdateRequest,
  SearchQueryOptions,
  SearchResult,
  SearchResults,
  Silence,
  SilenceCreateRequest,
  SilenceList,
  SilenceListOptions,
  Status,
  SubmittedJob,
  Token,
  TokenCreateRequest,
  TokenList,
  TokenListOptions,
  User,
  UserList,
  UserListOptions,
  WebSocketTicket,
  Webhook,
  WebhookAnswer,
  WebhookCreateRequest,
  WebhookList,
  WebhookListOptions,
  WebhookUpdateRequest,
  WhoAmI,
} from './models.js';

/** List, submit, look up and change jobs. */
export class JobOperations extends Resource {
  /**
   * Live jobs and finished ones, newest first.
   *
   * Filters take comma lists and combine. The answer comes from a snapshot that is refreshed every
   * second or two; what the caller has changed is always in it.
   */
  list(options: JobListOptions = {}, call: CallOptions = {}): Promise<JobList> {
    return this.http.model('JobList', 'GET', '/v1/jobs', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<JobListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<JobSummary> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.jobs;
      offset += page.jobs.length;
      if (!page.hasMore || page.jobs.length === 0) return;
    }
  }

  /**
   * Submit a batch job as the caller's own Slurm user.
   *
   * What Slurm accepts but will never start is answered with `warnings` that say why.
   *
   * With an `Idempotency-Key` the same request can be sent again and again, and submits one job: later
   * ones get the first one's answer, with `Idempotent-Replayed: true`, whatever happened to the
   * connection or the server in between. 409 when the key was used for another request, or when the
   * server was ended while it submitted and cannot tell whether Slurm took the job. A refused request
   * leaves its key unused.
   */
  submit(request: JobSubmitRequest, call: CallOptions = {}): Promise<SubmittedJob> {
    return this.http.model('SubmittedJob', 'POST', '/v1/jobs', { body: request, shape: 'JobSubmitRequest', isKeyed: true, ...call });
  }

  /** One job, live or finished; environment and command for its owner and administrators only. */
  get(jobId: string, call: CallOptions = {}): Promise<Job> {
    return this.http.model('Job', 'GET', path('/v1/jobs/{}', jobId), { ...call });
  }

  /** Cancel as `scancel` does. Any signal but SIGTERM is only delivered; `force` kills at once. */
  cancel(jobId: string, options: JobCancelOptions = {}, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'DELETE', path('/v1/jobs/{}', jobId), { query: options, ...call });
  }

  /** One action on up to 10,000 jobs; each has a result of its own, and a failure never stops the rest. */
  bulk(request: JobBulkRequest, call: CallOptions = {}): Promise<BulkAnswer> {
    return this.http.model('BulkAnswer', 'POST', '/v1/jobs/bulk', { body: request, shape: 'JobBulkRequest', ...call });
  }

  /** Keep a pending job from starting. The reason is shown with the job as `hold_reason`. */
  hold(jobId: string, request: JobHoldRequest = {}, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/hold', jobId), { body: request, shape: 'JobHoldRequest', ...call });
  }

  /** Let a held job start again. */
  release(jobId: string, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/release', jobId), { body: {}, ...call });
  }

  /** Set the priority of a job; Slurm lets only operators and administrators raise it. */
  setPriority(jobId: string, request: JobSetPriorityRequest, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/priority', jobId), { body: request, shape: 'JobSetPriorityRequest', ...call });
  }

  /** Put a running or finished job back into the queue. */
  requeue(jobId: string, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/requeue', jobId), { body: {}, ...call });
  }

  /** Stop the processes of a running job; Slurm allows it to operators and administrators. */
  suspend(jobId: string, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/suspend', jobId), { body: {}, ...call });
  }

  /** Continue a suspended job. */
  resume(jobId: string, call: CallOptions = {}): Promise<JobAnswer> {
    return this.http.model('JobAnswer', 'PUT', path('/v1/jobs/{}/resume', jobId), { body: {}, ...call });
  }

  /**
   * A part of the standard output file; `Accept: text/plain` gives the bytes themselves.
   *
   * With `follow=true` the bytes come as they are written, until the job has ended; a file that is not
   * there yet is waited for. As a WebSocket the same path sends them as messages, and with `Accept:
   * text/event-stream` as Server-Sent Events: whoever was cut off names the last one's id as `Last-
   * Event-ID` and goes on there.
   */
  output(jobId: string, options: JobOutputOptions = {}, call: CallOptions = {}): Promise<JobOutput> {
    return this.http.model('JobOutput', 'GET', path('/v1/jobs/{}/output', jobId), { query: options, ...call });
  }

  /**
   * A part of the standard error file; `Accept: text/plain` gives the bytes themselves.
   *
   * `follow=true` is as for the output.
   */
  error(jobId: string, options: JobErrorOptions = {}, call: CallOptions = {}): Promise<JobOutput> {
    return this.http.model('JobOutput', 'GET', path('/v1/jobs/{}/error', jobId), { query: options, ...call });
  }
}

/** List nodes and change their state. */
export class NodeOperations extends Resource {
  /** Nodes with what is allocated on them and the jobs that the caller may see. */
  list(options: NodeListOptions = {}, call: CallOptions = {}): Promise<NodeList> {
    return this.http.model('NodeList', 'GET', '/v1/nodes', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<NodeListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Node> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.nodes;
      offset += page.nodes.length;
      if (!page.hasMore || page.nodes.length === 0) return;
    }
  }

  /** One node. */
  get(nodeName: string, call: CallOptions = {}): Promise<Node> {
    return this.http.model('Node', 'GET', path('/v1/nodes/{}', nodeName), { ...call });
  }

  /** Let no more jobs start on a node; those that run go on. After `timeout` it is resumed by itself. */
  drain(nodeName: string, request: NodeDrainRequest, call: CallOptions = {}): Promise<NodeAnswer> {
    return this.http.model('NodeAnswer', 'PUT', path('/v1/nodes/{}/drain', nodeName), { body: request, shape: 'NodeDrainRequest', ...call });
  }

  /** Put a drained, failing or down node back to work. */
  resume(nodeName: string, call: CallOptions = {}): Promise<NodeAnswer> {
    return this.http.model('NodeAnswer', 'PUT', path('/v1/nodes/{}/resume', nodeName), { body: {}, ...call });
  }

  /** Set a node's state. DOWN ends the jobs on it; DOWN, DRAIN and FAIL need a reason. */
  setState(nodeName: string, request: NodeSetStateRequest, call: CallOptions = {}): Promise<NodeAnswer> {
    return this.http.model('NodeAnswer', 'PUT', path('/v1/nodes/{}/state', nodeName), { body: request, shape: 'NodeSetStateRequest', ...call });
  }
}

/** Slurm's users and their associations. */
export class UserOperations extends Resource {
  /** Slurm's users with their associations and the numbers of their jobs. */
  list(options: UserListOptions = {}, call: CallOptions = {}): Promise<UserList> {
    return this.http.model('UserList', 'GET', '/v1/users', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<UserListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<User> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.users;
      offset += page.users.length;
      if (!page.hasMore || page.users.length === 0) return;
    }
  }

  /** One user. */
  get(username: string, call: CallOptions = {}): Promise<User> {
    return this.http.model('User', 'GET', path('/v1/users/{}', username), { ...call });
  }
}

/** Partitions and what is free in them. */
export class PartitionOperations extends Resource {
  /** Partitions with their limits and what is free in them. */
  list(options: PartitionListOptions = {}, call: CallOptions = {}): Promise<PartitionList> {
    return this.http.model('PartitionList', 'GET', '/v1/partitions', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<PartitionListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Partition> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.partitions;
      offset += page.partitions.length;
      if (!page.hasMore || page.partitions.length === 0) return;
    }
  }

  /** One partition. */
  get(name: string, call: CallOptions = {}): Promise<Partition> {
    return this.http.model('Partition', 'GET', path('/v1/partitions/{}', name), { ...call });
  }
}

/** How busy the cluster is and was, and how well jobs use it. */
export class MetricOperations extends Resource {
  /** How busy the cluster is now: use of its resources, jobs and nodes by state, waits and throughput. */
  cluster(call: CallOptions = {}): Promise<ClusterMetrics> {
    return this.http.model('ClusterMetrics', 'GET', '/v1/metrics/cluster', { ...call });
  }

  /**
   * The cluster's, or a partition's, utilization, submissions, completions and waits over time.
   *
   * One entry for every interval that overlaps the span, also for those in which nobody saw the cluster:
   * those are null. By default the last 24 hours by the hour.
   */
  performance(options: MetricPerformanceOptions = {}, call: CallOptions = {}): Promise<Performance> {
    return this.http.model('Performance', 'GET', '/v1/metrics/performance', { query: options, ...call });
  }

  /**
   * How well jobs used CPUs, memory and GPUs, what they wasted, and what to ask for instead.
   *
   * One entry for each job, or sums by user, account, partition or kind of job, the most wasteful first.
   * Efficiencies are those of `seff`; what nobody has measured is null. Jobs that never ran are left
   * out. Finished jobs, and with `state=RUNNING` (also beside others) those that run, as of now.
   */
  efficiency(options: MetricEfficiencyOptions = {}, call: CallOptions = {}): Promise<EfficiencyList> {
    return this.http.model('EfficiencyList', 'GET', '/v1/metrics/efficiency', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<MetricEfficiencyOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<EfficiencyEntry> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.efficiency(wanted, call);
      yield* page.efficiency;
      offset += page.efficiency.length;
      if (!page.hasMore || page.efficiency.length === 0) return;
    }
  }

  /**
   * The cluster and the server itself in Prometheus' text format, for who may see the whole cluster.
   *
   * Needs no credential from the networks that the server's administrator has opened it to.
   */
  scrape(call: CallOptions = {}): Promise<string> {
    return this.http.text('GET', '/metrics', { ...call });
  }
}

/** Find jobs, nodes and users by words. */
export class SearchOperations extends Resource {
  /**
   * Jobs (live and finished), nodes, users, partitions, accounts, QOS, reservations in one ranked
   * answer.
   *
   * Every word counts, wherever it stands: in a name, a user, an account, a partition, a state, a
   * feature. Beginnings of words are found, and so are misspelled ones where nothing is spelled like
   * that. Exact ids and names come first.
   */
  query(options: SearchQueryOptions, call: CallOptions = {}): Promise<SearchResults> {
    return this.http.model('SearchResults', 'GET', '/v1/search', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<SearchQueryOptions, 'limit' | 'offset'> & { pageSize?: number },
    call: CallOptions = {},
  ): AsyncGenerator<SearchResult> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.query(wanted, call);
      yield* page.results;
      offset += page.results.length;
      if (!page.hasMore || page.results.length === 0) return;
    }
  }
}

/** Reports on how a cluster is used. */
export class ReportOperations extends Resource {
  /**
   * Have a report made of what the caller may see now.
   *
   * It is made in the background and kept for a month; `wait` answers as soon as it is there. A
   * utilization report takes `metrics:read` too, all others `jobs:read`.
   */
  create(request: ReportCreateRequest, options: ReportCreateOptions = {}, call: CallOptions = {}): Promise<Report> {
    return this.http.model('Report', 'POST', '/v1/reports', { query: options, body: request, shape: 'ReportCreateRequest', ...call });
  }

  /** The caller's reports, the newest first; administrators see everybody's. */
  list(options: ReportListOptions = {}, call: CallOptions = {}): Promise<ReportList> {
    return this.http.model('ReportList', 'GET', '/v1/reports', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<ReportListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Report> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.reports;
      offset += page.reports.length;
      if (!page.hasMore || page.reports.length === 0) return;
    }
  }

  /** How far it is; `wait` answers as soon as it is finished. */
  get(reportId: string, options: ReportGetOptions = {}, call: CallOptions = {}): Promise<Report> {
    return this.http.model('Report', 'GET', path('/v1/reports/{}', reportId), { query: options, ...call });
  }

  /** Cancel a report that is being made; delete one that is finished, with its file. */
  delete(reportId: string, call: CallOptions = {}): Promise<ReportAnswer> {
    return this.http.model('ReportAnswer', 'DELETE', path('/v1/reports/{}', reportId), { ...call });
  }

  /** The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`. */
  download(reportId: string, call: CallOptions = {}): Promise<Uint8Array> {
    return this.http.bytes('GET', path('/v1/reports/{}/download', reportId), { ...call });
  }
}

/** Reports that are made again and again. */
export class ScheduleOperations extends Resource {
  /**
   * Have a report made, and delivered, whenever a cron expression is due.
   *
   * Each report is of what the caller may see at that time. What is missed while no server runs is made
   * up once.
   */
  create(request: ScheduleCreateRequest, call: CallOptions = {}): Promise<Schedule> {
    return this.http.model('Schedule', 'POST', '/v1/reports/schedules', { body: request, shape: 'ScheduleCreateRequest', ...call });
  }

  /** The caller's schedules, the newest first; administrators see everybody's. */
  list(options: ScheduleListOptions = {}, call: CallOptions = {}): Promise<ScheduleList> {
    return this.http.model('ScheduleList', 'GET', '/v1/reports/schedules', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<ScheduleListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Schedule> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.schedules;
      offset += page.schedules.length;
      if (!page.hasMore || page.schedules.length === 0) return;
    }
  }

  /** When it is due next, and what became of its last report. */
  get(scheduleId: string, call: CallOptions = {}): Promise<Schedule> {
    return this.http.model('Schedule', 'GET', path('/v1/reports/schedules/{}', scheduleId), { ...call });
  }

  /**
   * Pause (`"enabled": false`), resume or change a schedule.
   *
   * Who changes what it makes, or resumes it, is from then on the one whose rights it has.
   * Administrators may pause the schedules of others. What was due during a pause is not made up.
   */
  update(scheduleId: string, request: ScheduleUpdateRequest = {}, call: CallOptions = {}): Promise<Schedule> {
    return this.http.model('Schedule', 'PATCH', path('/v1/reports/schedules/{}', scheduleId), { body: request, shape: 'ScheduleUpdateRequest', ...call });
  }

  /** Make no more of its reports; those that were made stay. */
  delete(scheduleId: string, call: CallOptions = {}): Promise<ScheduleAnswer> {
    return this.http.model('ScheduleAnswer', 'DELETE', path('/v1/reports/schedules/{}', scheduleId), { ...call });
  }
}

/** Who the caller is, and logging in. */
export class AuthOperations extends Resource {
  /** Give a user a personal token for a few hours; 404 where logins are not set up. */
  login(request: AuthLoginRequest, call: CallOptions = {}): Promise<NewToken> {
    return this.http.model('NewToken', 'POST', '/v1/login', { body: request, shape: 'AuthLoginRequest', ...call });
  }

  /** The caller's user and role, and all that the credential is good for. */
  whoami(call: CallOptions = {}): Promise<WhoAmI> {
    return this.http.model('WhoAmI', 'GET', '/v1/whoami', { ...call });
  }

  /**
   * Give a client an access token (OAuth 2.0, grant `client_credentials`).
   *
   * The body is JSON or a form. Errors are those of RFC 6749.
   */
  accessToken(request: AuthAccessTokenRequest = {}, call: CallOptions = {}): Promise<AccessToken> {
    return this.http.model('AccessToken', 'POST', '/oauth/token', { body: request, shape: 'AuthAccessTokenRequest', ...call });
  }
}

/** The caller's own credentials. */
export class TokenOperations extends Resource {
  /** The caller's own credentials, everybody's for an administrator; never their secrets. */
  list(options: TokenListOptions = {}, call: CallOptions = {}): Promise<TokenList> {
    return this.http.model('TokenList', 'GET', '/v1/tokens', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<TokenListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Token> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.tokens;
      offset += page.tokens.length;
      if (!page.hasMore || page.tokens.length === 0) return;
    }
  }

  /**
   * Make a token or an API key for the caller's own user. Its secret is in this answer and nowhere else.
   *
   * It can be narrower than the credential that the request is made with, never wider, and lives no
   * longer.
   */
  create(request: TokenCreateRequest = {}, call: CallOptions = {}): Promise<NewToken> {
    return this.http.model('NewToken', 'POST', '/v1/tokens', { body: request, shape: 'TokenCreateRequest', ...call });
  }

  /** One credential, without its secret. */
  get(tokenId: string, call: CallOptions = {}): Promise<Token> {
    return this.http.model('Token', 'GET', path('/v1/tokens/{}', tokenId), { ...call });
  }

  /** Make one's own credential invalid for good, anyone's for an administrator; at once. */
  revoke(tokenId: string, call: CallOptions = {}): Promise<Token> {
    return this.http.model('Token', 'DELETE', path('/v1/tokens/{}', tokenId), { ...call });
  }
}

/** What is wrong, by the rules that are configured. */
export class AlertOperations extends Resource {
  /**
   * What is or was wrong.
   *
   * With the cluster, for everybody; with nodes, for those who may see them; with jobs, for their owners
   * and operators.
   */
  list(options: AlertListOptions = {}, call: CallOptions = {}): Promise<AlertList> {
    return this.http.model('AlertList', 'GET', '/v1/alerts', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<AlertListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Alert> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.alerts;
      offset += page.alerts.length;
      if (!page.hasMore || page.alerts.length === 0) return;
    }
  }

  /** One alert. */
  get(alertId: string, call: CallOptions = {}): Promise<Alert> {
    return this.http.model('Alert', 'GET', path('/v1/alerts/{}', alertId), { ...call });
  }

  /** Say that somebody sees to it; for operators, and for the owner of the job that it is about. */
  acknowledge(alertId: string, request: AlertAcknowledgeRequest = {}, call: CallOptions = {}): Promise<Alert> {
    return this.http.model('Alert', 'PUT', path('/v1/alerts/{}/acknowledge', alertId), { body: request, shape: 'AlertAcknowledgeRequest', ...call });
  }
}

/** Alerts that nobody wants to hear of for a while. */
export class SilenceOperations extends Resource {
  /** What nobody is told of at the moment; for operators. */
  list(options: SilenceListOptions = {}, call: CallOptions = {}): Promise<SilenceList> {
    return this.http.model('SilenceList', 'GET', '/v1/silences', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<SilenceListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Silence> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.silences;
      offset += page.silences.length;
      if (!page.hasMore || page.silences.length === 0) return;
    }
  }

  /**
   * Have nobody told of some alerts for a while, as during maintenance; they are listed all the same.
   *
   * For operators.
   */
  create(request: SilenceCreateRequest, call: CallOptions = {}): Promise<Silence> {
    return this.http.model('Silence', 'POST', '/v1/silences', { body: request, shape: 'SilenceCreateRequest', ...call });
  }

  /** Have alerts told of again; for operators. */
  end(silenceId: string, call: CallOptions = {}): Promise<Silence> {
    return this.http.model('Silence', 'DELETE', path('/v1/silences/{}', silenceId), { ...call });
  }
}

/** What was done by whom, for administrators. */
export class AuditOperations extends Resource {
  /**
   * What was done by whom, newest first: every write, failed login, change of a credential and refusal.
   *
   * For administrators. `s9s audit verify` tells whether the log is as it was written.
   */
  list(options: AuditListOptions = {}, call: CallOptions = {}): Promise<AuditList> {
    return this.http.model('AuditList', 'GET', '/v1/audit', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<AuditListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Audit> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.records;
      offset += page.records.length;
      if (!page.hasMore || page.records.length === 0) return;
    }
  }
}

/** Changes as they happen. */
export class EventOperations extends Resource {
  /**
   * A ticket for one connection to `/v1/ws?ticket=...` within a minute, for browsers.
   *
   * Their WebSockets cannot send a header, and a long-lived secret has no place in a URL.
   */
  ticket(call: CallOptions = {}): Promise<WebSocketTicket> {
    return this.http.model('WebSocketTicket', 'POST', '/v1/ws/ticket', { body: {}, ...call });
  }
}

/** How the server and its clusters are. */
export class ServerOperations extends Resource {
  /** What goes over WebSockets and event streams, as AsyncAPI 3. */
  asyncapiJson(call: CallOptions = {}): Promise<unknown> {
    return this.http.json('GET', '/v1/asyncapi.json', { ...call });
  }

  /** What goes over WebSockets and event streams, as AsyncAPI 3. */
  asyncapiYaml(call: CallOptions = {}): Promise<string> {
    return this.http.text('GET', '/v1/asyncapi.yaml', { ...call });
  }

  /** Version, uptime, the clusters with the routes in use and the age of their data, and who asks. */
  status(call: CallOptions = {}): Promise<Status> {
    return this.http.model('Status', 'GET', '/v1/status', { ...call });
  }

  /** This document. */
  openapiJson(call: CallOptions = {}): Promise<unknown> {
    return this.http.json('GET', '/v1/openapi.json', { ...call });
  }

  /** This document. */
  openapiYaml(call: CallOptions = {}): Promise<string> {
    return this.http.text('GET', '/v1/openapi.yaml', { ...call });
  }

  /** Whether the process is alive; needs no credentials and tells nothing else. */
  health(call: CallOptions = {}): Promise<Alive> {
    return this.http.model('Alive', 'GET', '/healthz', { ...call });
  }

  /** Whether the snapshot is loaded and the database is reachable; 503 until then. */
  ready(call: CallOptions = {}): Promise<Alive> {
    return this.http.model('Alive', 'GET', '/readyz', { ...call });
  }
}

/** Events that are posted to other servers. */
export class WebhookOperations extends Resource {
  /**
   * Have events posted to another server, signed, in order, and again until they have arrived.
   *
   * The same events as of `/v1/events`, for as long as the credential lasts that this is made with. Only
   * targets that the site allows are posted to. The answer has the secret, this once.
   */
  create(request: WebhookCreateRequest, call: CallOptions = {}): Promise<Webhook> {
    return this.http.model('Webhook', 'POST', '/v1/webhooks', { body: request, shape: 'WebhookCreateRequest', ...call });
  }

  /** The caller's, the newest first; administrators see everybody's. */
  list(options: WebhookListOptions = {}, call: CallOptions = {}): Promise<WebhookList> {
    return this.http.model('WebhookList', 'GET', '/v1/webhooks', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<WebhookListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Webhook> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.webhooks;
      offset += page.webhooks.length;
      if (!page.hasMore || page.webhooks.length === 0) return;
    }
  }

  /** How it is, and how far. */
  get(webhookId: string, call: CallOptions = {}): Promise<Webhook> {
    return this.http.model('Webhook', 'GET', path('/v1/webhooks/{}', webhookId), { ...call });
  }

  /**
   * Change what is given.
   *
   * A webhook that is made active again, or gets another target or other subscriptions, acts with the
   * credential of this request from then on. Administrators may pause those of others.
   */
  update(webhookId: string, request: WebhookUpdateRequest = {}, call: CallOptions = {}): Promise<Webhook> {
    return this.http.model('Webhook', 'PATCH', path('/v1/webhooks/{}', webhookId), { body: request, shape: 'WebhookUpdateRequest', ...call });
  }

  /** Post nothing more, and forget what was delivered. */
  delete(webhookId: string, call: CallOptions = {}): Promise<WebhookAnswer> {
    return this.http.model('WebhookAnswer', 'DELETE', path('/v1/webhooks/{}', webhookId), { ...call });
  }

  /** Post something of the type `test` now, once, and say whether it arrived. */
  test(webhookId: string, call: CallOptions = {}): Promise<DeliveryEntry> {
    return this.http.model('DeliveryEntry', 'POST', path('/v1/webhooks/{}/test', webhookId), { body: {}, ...call });
  }
}

/** What webhooks have posted. */
export class DeliverieOperations extends Resource {
  /** What was posted lately, the newest first: a hundred that arrived, and a hundred that were given up. */
  list(webhookId: string, options: DeliverieListOptions = {}, call: CallOptions = {}): Promise<DeliveryList> {
    return this.http.model('DeliveryList', 'GET', path('/v1/webhooks/{}/deliveries', webhookId), { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    webhookId: string, options: Omit<DeliverieListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<DeliveryEntry> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(webhookId, wanted, call);
      yield* page.deliveries;
      offset += page.deliveries.length;
      if (!page.hasMore || page.deliveries.length === 0) return;
    }
  }

  /** Post a delivery in the state `dead` once more, now, and say whether it arrived. */
  redeliver(webhookId: string, deliveryId: string, call: CallOptions = {}): Promise<DeliveryEntry> {
    return this.http.model('DeliveryEntry', 'POST', path('/v1/webhooks/{}/deliveries/{}/redeliver', webhookId, deliveryId), { body: {}, ...call });
  }
}

/** Rows as files. */
export class ExportOperations extends Resource {
  /**
   * Have rows written to a file: exactly those that the caller may see now.
   *
   * Takes the scope of the list (`jobs:read` for jobs). The file is made in the background and kept for
   * a day; `wait` answers as soon as it is there.
   */
  create(request: ExportCreateRequest, options: ExportCreateOptions = {}, call: CallOptions = {}): Promise<Export> {
    return this.http.model('Export', 'POST', '/v1/export', { query: options, body: request, shape: 'ExportCreateRequest', ...call });
  }

  /** The caller's exports, the newest first; administrators see everybody's. */
  list(options: ExportListOptions = {}, call: CallOptions = {}): Promise<ExportList> {
    return this.http.model('ExportList', 'GET', '/v1/exports', { query: options, ...call });
  }

  /** Every row of all pages of `list`, in its order; a page is fetched when it is due. */
  async *iterate(
    options: Omit<ExportListOptions, 'limit' | 'offset'> & { pageSize?: number } = {},
    call: CallOptions = {},
  ): AsyncGenerator<Export> {
    const { pageSize = 500, ...filters } = options;
    for (let offset = 0; ; ) {
      const wanted = { ...filters, limit: pageSize, offset: offset || undefined };
      const page = await this.list(wanted, call);
      yield* page.exports;
      offset += page.exports.length;
      if (!page.hasMore || page.exports.length === 0) return;
    }
  }

  /** How far it is; `wait` answers as soon as it is finished. */
  get(exportId: string, options: ExportGetOptions = {}, call: CallOptions = {}): Promise<Export> {
    return this.http.model('Export', 'GET', path('/v1/exports/{}', exportId), { query: options, ...call });
  }

  /** Cancel an export that is being made; delete one that is finished, with its file. */
  delete(exportId: string, call: CallOptions = {}): Promise<ExportAnswer> {
    return this.http.model('ExportAnswer', 'DELETE', path('/v1/exports/{}', exportId), { ...call });
  }

  /** The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`. */
  download(exportId: string, call: CallOptions = {}): Promise<Uint8Array> {
    return this.http.bytes('GET', path('/v1/exports/{}/download', exportId), { ...call });
  }
}

/** Every resource of the server. */
export class Resources {
  readonly jobs: JobOperations;
  readonly nodes: NodeOperations;
  readonly users: UserOperations;
  readonly partitions: PartitionOperations;
  readonly metrics: MetricOperations;
  readonly search: SearchOperations;
  readonly reports: ReportOperations;
  readonly schedules: ScheduleOperations;
  readonly auth: AuthOperations;
  readonly tokens: TokenOperations;
  readonly alerts: AlertOperations;
  readonly silences: SilenceOperations;
  readonly audit: AuditOperations;
  readonly events: EventOperations;
  readonly server: ServerOperations;
  readonly webhooks: WebhookOperations;
  readonly deliveries: DeliverieOperations;
  readonly exports: ExportOperations;

  constructor(readonly http: Http) {
    this.jobs = new JobOperations(http);
    this.nodes = new NodeOperations(http);
    this.users = new UserOperations(http);
    this.partitions = new PartitionOperations(http);
    this.metrics = new MetricOperations(http);
    this.search = new SearchOperations(http);
    this.reports = new ReportOperations(http);
    this.schedules = new ScheduleOperations(http);
    this.auth = new AuthOperations(http);
    this.tokens = new TokenOperations(http);
    this.alerts = new AlertOperations(http);
    this.silences = new SilenceOperations(http);
    this.audit = new AuditOperations(http);
    this.events = new EventOperations(http);
    this.server = new ServerOperations(http);
    this.webhooks = new WebhookOperations(http);
    this.deliveries = new DeliverieOperations(http);
    this.exports = new ExportOperations(http);
  }
}
