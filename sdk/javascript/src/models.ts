// What the server answers, and what it is asked.
// Made from docs/openapi.yaml by `make sdk`; not to be edited.

/** An access token, to be sent as a bearer token. */
export interface AccessToken {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds */
  expiresIn: number;
  scope: string;
}

/** Something that somebody should know of. */
export interface Alert {
  alertId: string;
  /**
   * node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait,
   * utilization_low, job_failed, job_timeout, job_out_of_memory
   */
  rule: string;
  /** info, warning, critical */
  severity: string;
  /** open, acknowledged, resolved */
  state: string;
  /** What it is about */
  subject: string;
  message: string;
  raisedAt: string;
  resolvedAt: string | null;
  acknowledgedAt: string | null;
  acknowledgedBy: string | null;
  comment: string | null;
  /** Whether a silence kept it from being told */
  silenced: boolean;
  /** The owner of the job that it is about */
  user: string | null;
}

/** A page of alerts. */
export interface AlertList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  alerts: Alert[];
}

/** A process that answers. */
export interface Alive {
  status: string;
}

/** A user's place in an account. */
export interface Association {
  account: string;
  /** null: any */
  partition: string | null;
  qos: string[];
  defaultQos: string | null;
}

/** Something that was done, or refused. What does not apply is null. */
export interface Audit {
  /** Of the record in the log; the outcome has one of its own */
  number: number;
  at: string;
  /** Operation id, or `login` */
  action: string | null;
  /** The Slurm user as whom it was done */
  user: string | null;
  /** Public id of the credential */
  credential: string | null;
  address: string | null;
  method: string | null;
  route: string | null;
  /** What it was done to, or what was made by it */
  resource: string | null;
  /** The request's fields, without secrets */
  what: Record<string, unknown> | null;
  /** States of resources before it */
  before: Record<string, unknown> | null;
  /** States of resources after it */
  after: Record<string, unknown> | null;
  /** SUCCESS, PARTIAL, an error code, or UNKNOWN: under way or cut short */
  result: string;
  /** Of the answer */
  status: number | null;
  requestId: string | null;
  /** SHA-256 of the record, hexadecimal */
  hash: string;
}

/** A page of the audit log. */
export interface AuditList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  records: Audit[];
}

/** A result for every id, in the order given. */
export interface BulkAnswer {
  batchId: string;
  results: BulkResult[];
  summary: BulkSummary;
}

/** What goes with the action. */
export interface BulkOptions {
  force?: boolean;
  signal?: string | null;
  reason?: string | null;
  priority?: number | null;
}

/** What came of one id. */
export interface BulkResult {
  jobId: string;
  status: 'error' | 'success';
  message: string;
  /** The error's code */
  code?: string | null;
}

/** How many came out how. */
export interface BulkSummary {
  total: number;
  successful: number;
  failed: number;
}

/** Who asks. */
export interface CallerStatus {
  user: string;
  role: string;
  scopes: string[];
  tokenId: string;
}

/** A cluster at one moment. */
export interface ClusterMetrics {
  /** When Slurm was read */
  timestamp: string;
  clusterUtilization: ClusterUtilization;
  /**
   * Live jobs by state, and finished ones that ended within the window; every unstarted task of an array
   * counts, as in `squeue -r`
   */
  jobCounts: Record<string, number>;
  /** Nodes by state; empty where they are private */
  nodeCounts: Record<string, number>;
  queueStats: QueueStats;
  /** Span of finished jobs and of waits, before now: a day, less where less is known */
  windowSeconds: number;
}

/** One cluster and how it is reached. */
export interface ClusterStatus {
  name: string;
  slurmVersion: string;
  /** Operation to the way it takes */
  routes: Record<string, string>;
  reachable: boolean;
  /** Seconds since Slurm was last read */
  snapshotAge: number | null;
  snapshotGeneration: number;
  /** Seconds between two reads at present */
  refreshInterval: number;
  jobs: number;
  nodes: number;
  /** `anyone`, `nobody` (read only), or the one user */
  actsAs: string;
  lastError: string | null;
  notes: string[];
  history: HistoryStatus | null;
}

/** Allocated of all, in percent; null where there is nothing, or nodes are private. */
export interface ClusterUtilization {
  cpuPercent: number | null;
  memoryPercent: number | null;
  gpuPercent: number | null;
}

/** The credential of a request. */
export interface Credential {
  tokenId: string;
  /** token, api_key, login, client, certificate, oidc */
  kind: string;
  tier: string;
  expiresAt: string | null;
  accounts: string[];
  partitions: string[];
  networks: string[];
  ownJobsOnly: boolean;
}

/** Where the report goes. */
export interface Delivery {
  method: string;
  email: string | null;
  url: string | null;
  /** pending, delivered, failed; null without delivery */
  status: string | null;
  /** Why it failed, or why it is being tried again */
  error: string | null;
  /** What a webhook is signed with; in the answer to the request only */
  secret: string | null;
}

/** One post of a webhook. */
export interface DeliveryEntry {
  deliveryId: string;
  /** `gap`: events were not kept so long */
  kind: 'events' | 'gap' | 'test';
  /** `dead`: given up, to be redelivered by hand */
  state: 'dead' | 'delivered' | 'pending';
  firstSequence: number;
  lastSequence: number;
  /** How many are in it */
  events: number;
  attempts: number;
  createdAt: string;
  /** null: none will be made by itself */
  nextAttemptAt: string | null;
  finishedAt: string | null;
  /** Why the last attempt failed, if it did */
  error: string | null;
}

/** A page of deliveries. */
export interface DeliveryList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  deliveries: DeliveryEntry[];
}

/** Where the report goes when it is done; it can be fetched in any case. */
export interface DeliveryWish {
  method?: 'email' | 'none' | 'webhook';
  /** One address */
  email?: string | null;
  /** Where a webhook posts to */
  url?: string | null;
  /** What a webhook is signed with; without it one is made */
  secret?: string | null;
}

/** Start only after another job: `afterok`, `afterany`, `afternotok`, `after`, `singleton`. */
export interface Dependency {
  type: string;
  jobId?: string | number | null;
}

/** A job, or all jobs with something in common; what does not apply is null. */
export interface EfficiencyEntry {
  jobs: number;
  /** CPU time used over CPU time allocated */
  cpuEfficiency: number | null;
  /** Most memory used over memory allocated */
  memoryEfficiency: number | null;
  /** GPU utilization */
  gpuEfficiency: number | null;
  /** Allocated, whether use was measured or not */
  cpuHours: number;
  memoryGibHours: number;
  gpuHours: number;
  /** Allocated and not used */
  wastedCpuHours: number | null;
  wastedMemoryGibHours: number | null;
  wastedGpuHours: number | null;
  jobId: string | null;
  jobName: string | null;
  user: string | null;
  account: string | null;
  partition: string | null;
  state: string | null;
  startTime: string | null;
  /** null while the job runs. Of a group: of the latest job */
  endTime: string | null;
  /** Of a group: of all jobs together */
  elapsedTime: string;
  /** Over all nodes */
  maxMemoryUsed: string | null;
  /** Where the largest task ran */
  maxMemoryNode: string | null;
  request: Request | null;
  suggestedRequest: Suggestion | null;
}

/** A page of jobs or sums, the worst first. */
export interface EfficiencyList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  efficiency: EfficiencyEntry[];
  /** Of everything that passes the filters */
  summary: Figures;
  groupBy: 'account' | 'job' | 'job_name' | 'partition' | 'user';
  startTime: string;
  endTime: string;
}

/** An export. */
export interface Export {
  exportId: string;
  status: 'cancelled' | 'completed' | 'failed' | 'processing';
  /** Where the file is, once it is completed */
  downloadUrl: string | null;
  /** Bytes */
  fileSize: number | null;
  /** Rows; those that are written so far while it is made */
  recordCount: number;
  /** 0 to 1 */
  progress: number;
  createdAt: string;
  /** When it was finished, in whatever way */
  completedAt: string | null;
  /** When the file is deleted */
  expiresAt: string;
  type: string;
  format: string;
  filename: string;
  /** Of the file */
  checksum: string | null;
  /** Why it failed, or why it is being tried again */
  error: string | null;
  /** Who asked for it */
  user: string;
}

/** What became of an export that was to be deleted. */
export interface ExportAnswer {
  exportId: string;
  status: 'cancelled' | 'completed' | 'failed' | 'processing';
  message: string;
}

/** A page of exports. */
export interface ExportList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  exports: Export[];
}

/** How the file is written. */
export interface ExportOptions {
  /** Whether the columns have headings */
  includeHeaders?: boolean;
  /** Between the cells of CSV: comma, semicolon, tab or | */
  delimiter?: string;
  /** Name of the file when it is saved; the format's extension is added if it lacks */
  filename?: string | null;
  /** Begin CSV with a byte order mark, for names beyond ASCII in Excel */
  bom?: boolean;
}

/** Null where nothing was measured, never zero. */
export interface Figures {
  jobs: number;
  /** CPU time used over CPU time allocated */
  cpuEfficiency: number | null;
  /** Most memory used over memory allocated */
  memoryEfficiency: number | null;
  /** GPU utilization */
  gpuEfficiency: number | null;
  /** Allocated, whether use was measured or not */
  cpuHours: number;
  memoryGibHours: number;
  gpuHours: number;
  /** Allocated and not used */
  wastedCpuHours: number | null;
  wastedMemoryGibHours: number | null;
  wastedGpuHours: number | null;
}

/** How far back finished jobs are recorded. */
export interface HistoryStatus {
  /** `accounting`, or `slurmctld`: only what ends while it is watched, and no usage */
  source: string;
  /** All jobs that ended from here ... */
  since: string | null;
  /** ... to here are recorded */
  until: string | null;
  /** The first fill goes back so far */
  wantedSince: string | null;
  /** Of the first fill, 0 to 1 */
  progress: number | null;
  lastError: string | null;
  /** Running in accounting and unknown to slurmctld; null where nobody can tell */
  runawayJobs: number | null;
}

/** A job with everything that is known of it. */
export interface Job {
  jobId: string;
  jobName: string;
  user: string;
  account: string | null;
  partition: string;
  /** Slurm's base state */
  state: string;
  submitTime: string;
  startTime: string | null;
  endTime: string | null;
  /** As of the snapshot */
  elapsedTime: string;
  timeLimit: string | null;
  nodes: string[];
  nodeCount: number;
  cpuCount: number;
  /** Over all nodes */
  memory: string | null;
  /** Over all nodes */
  gpus: number;
  priority: number | null;
  qos: string | null;
  workingDirectory: string | null;
  standardOutput: string | null;
  standardError: string | null;
  /** null until the job has ended */
  exitCode: number | null;
  reason: string | null;
  /** The signal that ended the job */
  signal: number | null;
  /** Slurm's further state words */
  flags: string[];
  arrayJobId: string | null;
  arrayTaskId: number | null;
  /** Tasks of an array that have not started */
  arrayTasks: string | null;
  hetJobId: string | null;
  hetJobOffset: number | null;
  eligibleTime: string | null;
  /** The scheduler's estimate for a pending job */
  expectedStartTime: string | null;
  /** What the one who held the job gave as reason */
  holdReason: string | null;
  comment: string | null;
  reservation: string | null;
  features: string | null;
  /** Shown to the owner and to administrators */
  command: string | null;
  /** Shown to the owner and to administrators */
  environment: Record<string, string> | null;
  resources: JobResources;
  dependencies: JobDependency[];
  standardInput: string | null;
  requeueCount: number;
}

/** The answer to a change of one job. */
export interface JobAnswer {
  jobId: string;
  state: string;
  message: string;
}

/** A condition that has to be met before the job starts. */
export interface JobDependency {
  type: string;
  jobId: string | null;
  status: string | null;
}

/** A page of jobs. */
export interface JobList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  jobs: JobSummary[];
}

/** A part of a job's output file. */
export interface JobOutput {
  jobId: string;
  /** Which of the two */
  stream: 'error' | 'output';
  path: string;
  /** As UTF-8; bytes that are none are replaced */
  content: string;
  /** Lines in `content` */
  lines: number;
  /** Bytes in the whole file */
  size: number;
  /** Where in the file `content` begins */
  offset: number;
  /** Whether the file has more than `content` */
  truncated: boolean;
}

/** What a job used; null where nothing was measured. */
export interface JobResources {
  /** CPU time used over CPU time allocated */
  cpuEfficiency: number | null;
  /** Most memory used over memory allocated */
  memoryEfficiency: number | null;
  gpuUtilization: number | null;
  maxMemoryUsed: string | null;
  /** CPU time of all steps */
  maxCpuTime: string | null;
}

/** A job in a list. Times are RFC 3339 UTC; what Slurm has not set is null. */
export interface JobSummary {
  jobId: string;
  jobName: string;
  user: string;
  account: string | null;
  partition: string;
  /** Slurm's base state */
  state: string;
  submitTime: string;
  startTime: string | null;
  endTime: string | null;
  /** As of the snapshot */
  elapsedTime: string;
  timeLimit: string | null;
  nodes: string[];
  nodeCount: number;
  cpuCount: number;
  /** Over all nodes */
  memory: string | null;
  /** Over all nodes */
  gpus: number;
  priority: number | null;
  qos: string | null;
  workingDirectory: string | null;
  standardOutput: string | null;
  standardError: string | null;
  /** null until the job has ended */
  exitCode: number | null;
  reason: string | null;
  /** The signal that ended the job */
  signal: number | null;
  /** Slurm's further state words */
  flags: string[];
  arrayJobId: string | null;
  arrayTaskId: number | null;
  /** Tasks of an array that have not started */
  arrayTasks: string | null;
  hetJobId: string | null;
  hetJobOffset: number | null;
  eligibleTime: string | null;
  /** The scheduler's estimate for a pending job */
  expectedStartTime: string | null;
  /** What the one who held the job gave as reason */
  holdReason: string | null;
  comment: string | null;
  reservation: string | null;
  features: string | null;
}

/** A credential with its secret, which is shown this once. */
export interface NewToken {
  tokenId: string;
  /** token, api_key, login, client, certificate */
  kind: string;
  user: string;
  /** user, operator, admin: at most that; auto: whatever Slurm says of the user */
  role: string;
  /** Empty: all that the role may */
  scopes: string[];
  /** Empty: any */
  accounts: string[];
  /** Empty: any */
  partitions: string[];
  /** Empty: from anywhere */
  networks: string[];
  ownJobsOnly: boolean;
  name: string | null;
  tier: string;
  /** valid, expired, revoked */
  state: string;
  createdAt: string;
  /** null: never */
  expiresAt: string | null;
  revokedAt: string | null;
  /** To the minute */
  lastUsedAt: string | null;
  /** The credential that it was made with */
  createdBy: string | null;
  /** The secret; kept nowhere */
  token: string;
}

/** A node; `state` is the one that `sinfo` would show. */
export interface Node {
  nodeName: string;
  /** DOWN, then DRAIN, then FAIL, else the base state */
  state: string;
  partitions: string[];
  cpuTotal: number;
  cpuAllocated: number;
  cpuLoad: number | null;
  memoryTotal: string;
  memoryAllocated: string;
  /** As the node's operating system sees it */
  memoryFree: string | null;
  gpusTotal: number;
  gpusAllocated: number;
  features: string[];
  architecture: string | null;
  os: string | null;
  bootTime: string | null;
  lastBusy: string | null;
  /** Jobs on it that the caller may see */
  jobs: string[];
  reason: string | null;
  baseState: string;
  flags: string[];
  gres: string | null;
  reasonUser: string | null;
  reasonTime: string | null;
  /** When Slurm resumes it by itself */
  resumeAfter: string | null;
  slurmVersion: string | null;
}

/** The answer to a change of one node, or of each node of a hostlist. */
export interface NodeAnswer {
  /** As it was asked for: a name or a hostlist */
  nodeName: string;
  state: string;
  message: string;
  results: NodeResult[];
}

/** A page of nodes. */
export interface NodeList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  nodes: Node[];
}

/** What came of one node. */
export interface NodeResult {
  nodeName: string;
  status: 'error' | 'success';
  message: string;
  code?: string | null;
}

/** A partition and what is free in it. */
export interface Partition {
  name: string;
  state: string;
  nodesTotal: number;
  nodesIdle: number;
  nodesAllocated: number;
  nodesMixed: number;
  cpusTotal: number;
  cpusAllocated: number;
  defaultTime: string | null;
  maxTime: string | null;
  /** null: as many as there are */
  maxNodes: number | null;
  priority: number | null;
  qos: string | null;
  /** Of any of its nodes */
  features: string[];
  isDefault: boolean;
  /** Hostlist */
  nodes: string;
  /** null: all */
  allowAccounts: string[] | null;
  allowGroups: string[] | null;
  allowQos: string[] | null;
}

/** A page of partitions. */
export interface PartitionList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  partitions: Partition[];
}

/** A series without holes: every interval that overlaps the span asked for. */
export interface Performance {
  metrics: PerformanceBucket[];
  interval: string;
  count: number;
}

/** One interval. All null but the time where nobody saw the cluster: a gap is no zero. */
export interface PerformanceBucket {
  /** When the interval begins */
  timestamp: string;
  /** Allocated of all CPUs, in percent */
  cpuUtilization: number | null;
  /** Allocated of all memory, in percent */
  memoryUtilization: number | null;
  /** Allocated of all GPUs, in percent; null where there are none */
  gpuUtilization: number | null;
  jobsSubmitted: number | null;
  /** Jobs that ended as COMPLETED */
  jobsCompleted: number | null;
  /** Mean seconds from eligible to start of the jobs that started */
  avgQueueTime: number | null;
  /** The part of the interval in which the cluster was seen */
  coverage: number;
}

/** Waits of the jobs that started within the window, and how many jobs get done. */
export interface QueueStats {
  /** null: no job started */
  avgWaitTime: string | null;
  maxWaitTime: string | null;
  /** Jobs that ended as COMPLETED, per hour, over the last hour */
  throughput: number;
  avgWaitSeconds: number | null;
  maxWaitSeconds: number | null;
  /** Jobs that started within the window */
  jobsStarted: number;
}

/** A report. */
export interface Report {
  reportId: string;
  status: 'cancelled' | 'completed' | 'failed' | 'processing';
  type: 'efficiency' | 'queue' | 'usage' | 'utilization';
  format: 'csv' | 'html' | 'json' | 'pdf' | 'xlsx';
  parameters: ReportParameters;
  delivery: Delivery;
  /** Where the file is, once it is completed */
  downloadUrl: string | null;
  /** Bytes */
  fileSize: number | null;
  filename: string;
  /** Of the file */
  checksum: string | null;
  /** What it says, in a few sentences */
  summary: string[] | null;
  /** 0 to 1 */
  progress: number;
  createdAt: string;
  /** When it was finished, in whatever way */
  completedAt: string | null;
  /** When the file is deleted */
  expiresAt: string;
  /** Why it failed, or why it is being tried again */
  error: string | null;
  /** Who asked for it */
  user: string;
  /** The schedule that asked for it */
  scheduleId: string | null;
}

/** What became of a report that was to be deleted. */
export interface ReportAnswer {
  reportId: string;
  status: 'cancelled' | 'completed' | 'failed' | 'processing';
  message: string;
}

/** A page of reports. */
export interface ReportList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  reports: Report[];
}

/** What of, and when. */
export interface ReportParameters {
  /** day, week, month, quarter, year, custom */
  period: string;
  startDate: string;
  endDate: string;
  timeZone: string;
  /** null: all */
  partitions: string[] | null;
  includeCharts: boolean;
}

/** What of, and when. */
export interface ReportWish {
  /** The last full one; `start_date` and `end_date` win over it */
  period?: 'custom' | 'day' | 'month' | 'quarter' | 'week' | 'year';
  /** First day */
  startDate?: string | null;
  /** Last day, which belongs to it */
  endDate?: string | null;
  /** Only these; without it all */
  partitions?: string[] | null;
  /** Whether PDF and HTML have charts */
  includeCharts?: boolean;
  /** IANA name, of the days; UTC without it, in a schedule that of the schedule */
  timeZone?: string | null;
}

/** What a job had asked for, or was given. */
export interface Request {
  cpus: number;
  /** Per node */
  memory: string | null;
  timeLimit: string | null;
  nodes: number;
  gpus: number;
}

/** A report that is made again and again. */
export interface Schedule {
  scheduleId: string;
  name: string;
  cron: string;
  timeZone: string;
  enabled: boolean;
  type: 'efficiency' | 'queue' | 'usage' | 'utilization';
  format: 'csv' | 'html' | 'json' | 'pdf' | 'xlsx';
  parameters: ScheduleParameters;
  delivery: ScheduleDelivery;
  /** When it is due; null while it is paused */
  nextRunAt: string | null;
  /** When it was due the last time */
  lastRunAt: string | null;
  /**
   * Of the last report: processing, completed, failed, cancelled, deleted. Else waiting (it is tried
   * again), failed (it could not be asked for), stopped (it is paused until its owner resumes it); null:
   * none yet
   */
  lastStatus: string | null;
  /** Why it waits, failed or was stopped */
  lastError: string | null;
  lastReportId: string | null;
  createdAt: string;
  updatedAt: string;
  /** Whose it is */
  user: string;
}

/** What became of a schedule. */
export interface ScheduleAnswer {
  scheduleId: string;
  message: string;
}

/** Where each report goes. */
export interface ScheduleDelivery {
  method: string;
  email: string | null;
  url: string | null;
  /** What a webhook is signed with; only in the answer to the request that set it */
  secret: string | null;
}

/** A page of schedules. */
export interface ScheduleList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  schedules: Schedule[];
}

/** What of, and when. */
export interface ScheduleParameters {
  /** day, week, month, quarter, year: the last full one before each run; custom */
  period: string;
  /** First day; null: as `period` has it */
  startDate: string | null;
  /** Last day, which belongs to it */
  endDate: string | null;
  timeZone: string;
  /** null: all */
  partitions: string[] | null;
  includeCharts: boolean;
}

/** Something that fits. */
export interface SearchResult {
  /** job, node, user, partition, account, qos or reservation */
  type: string;
  id: string;
  title: string;
  description: string;
  /** Where it is told in full */
  url: string;
  /** 1 is an exact id or name */
  score: number;
}

/** Results of all types, best first. */
export interface SearchResults {
  results: SearchResult[];
  /** How many there are in all; of finished jobs in the database up to 1,000 count */
  total: number;
  /** Seconds */
  queryTime: number;
  limit: number;
  offset: number;
  hasMore: boolean;
}

/** What nobody is told of for a while. */
export interface Silence {
  silenceId: string;
  /** null: every rule */
  rule: string | null;
  /** null: every subject */
  subject: string | null;
  reason: string;
  createdBy: string;
  createdAt: string;
  endsAt: string;
}

/** All silences that have not ended. */
export interface SilenceList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  silences: Silence[];
}

/** Server, clusters, caller. */
export interface Status {
  /** `ok`, or `degraded` while a cluster is out of reach */
  status: string;
  version: string;
  /** Seconds */
  uptime: number;
  startedAt: string;
  timestamp: string;
  clusters: ClusterStatus[];
  caller: CallerStatus;
}

/** The answer to a submission. */
export interface SubmittedJob {
  jobId: string;
  state: string;
  message: string;
  /** Why Slurm accepts the job but may never start it */
  warnings?: string[];
}

/** What to ask for the next time, as fields of a submission. */
export interface Suggestion {
  /** Over all nodes */
  cpus: number | null;
  /** Per node */
  memory: string | null;
  timeLimit: string | null;
  /** Grows with the number of like jobs and with how long they ran */
  confidence: number;
  basedOnJobs: number;
}

/** A credential, without its secret. */
export interface Token {
  tokenId: string;
  /** token, api_key, login, client, certificate */
  kind: string;
  user: string;
  /** user, operator, admin: at most that; auto: whatever Slurm says of the user */
  role: string;
  /** Empty: all that the role may */
  scopes: string[];
  /** Empty: any */
  accounts: string[];
  /** Empty: any */
  partitions: string[];
  /** Empty: from anywhere */
  networks: string[];
  ownJobsOnly: boolean;
  name: string | null;
  tier: string;
  /** valid, expired, revoked */
  state: string;
  createdAt: string;
  /** null: never */
  expiresAt: string | null;
  revokedAt: string | null;
  /** To the minute */
  lastUsedAt: string | null;
  /** The credential that it was made with */
  createdBy: string | null;
}

/** A page of credentials. */
export interface TokenList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  tokens: Token[];
}

/** A Slurm user. */
export interface User {
  username: string;
  defaultAccount: string | null;
  adminLevel: string;
  jobsRunning: number;
  jobsPending: number;
  cpuTimeUsed: string | null;
  associations: Association[];
  coordinatorOf: string[];
}

/** A page of users. */
export interface UserList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  users: User[];
}

/** A ticket for one WebSocket: `wss://.../v1/ws?ticket=...`. */
export interface WebSocketTicket {
  ticket: string;
  /** Seconds */
  expiresIn: number;
}

/** Events that are posted to another server. */
export interface Webhook {
  webhookId: string;
  url: string;
  name: string | null;
  user: string;
  /** `stopped`: by the server, for `reason` */
  state: 'active' | 'paused' | 'stopped';
  reason: string | null;
  subscriptions: WebhookSubscription[];
  /** The last event that has been dealt with */
  sequence: number;
  /** Events since then, wanted or not */
  lag: number;
  /** Attempts that have failed since the last one that did not */
  failures: number;
  /** Why the last attempt failed, if it did */
  lastError: string | null;
  lastDeliveredAt: string | null;
  /** When the credential ends that it acts with */
  expiresAt: string | null;
  createdAt: string;
  updatedAt: string;
  /** What posts are signed with; in the answer to its making only */
  secret: string | null;
}

/** What became of a webhook. */
export interface WebhookAnswer {
  webhookId: string;
  message: string;
}

/** A page of webhooks. */
export interface WebhookList {
  total: number;
  limit: number;
  offset: number;
  hasMore: boolean;
  webhooks: Webhook[];
}

/** Some events: as in a subscription of the WebSocket. */
export interface WebhookSubscription {
  channel: 'alerts' | 'jobs' | 'metrics' | 'nodes' | 'queue';
  /** As in the channel's list */
  filter?: Record<string, unknown>;
}

/** Who makes the request. */
export interface WhoAmI {
  /** The Slurm user as whom everything is done */
  user: string;
  /** user, operator or admin, as Slurm says it at the moment */
  role: string;
  /** All that the credential is good for */
  scopes: string[];
  credential: Credential;
}

/** What `jobs.list` may be asked for. */
export interface JobListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** Job states or flags, e.g. `RUNNING,PENDING` */
  state?: string;
  /** User names */
  user?: string;
  /** Partition names */
  partition?: string;
  /** Account names, without regard to case */
  account?: string;
  /** QOS names, without regard to case */
  qos?: string;
  /** Job names, exactly */
  jobName?: string;
  /** Job ids; an array's id finds all its tasks */
  jobId?: string;
  /** Jobs on these nodes, as names or a hostlist */
  node?: string;
  /** Jobs that had not ended before, as `sacct -S` */
  startTime?: string;
  /** Jobs that were submitted by then, as `sacct -E` */
  endTime?: string;
  /** Any scalar field of a job */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `jobs.submit` is asked for. */
export interface JobSubmitRequest {
  /**
   * Text that starts with `#!`: the batch script itself. An absolute path: the script file, read with
   * the submitting user's own permissions. Anything else: a command line, wrapped as `sbatch --wrap`
   * does.
   */
  script: string;
  jobName?: string;
  /** Alias of `job_name` */
  name?: string;
  partition?: string;
  account?: string;
  qos?: string;
  /** Number of nodes */
  nodes?: number;
  /** That many CPUs on each node */
  cpusPerNode?: number;
  tasks?: number;
  tasksPerNode?: number;
  cpusPerTask?: number;
  /** Per node: `64GB`, `1500M`; a number is MB */
  memory?: string | number;
  /** Per CPU, instead of `memory` */
  memoryPerCpu?: string | number;
  /** Over the whole job, as `sbatch --gpus` */
  gpus?: number;
  gpusPerNode?: number;
  /** Per node, as `sbatch --gres` */
  gres?: string;
  /** Any form of `sbatch --time`, also `2h`, `30m`, `7d`; a number is minutes */
  timeLimit?: string | number;
  /** Smallest time limit that would do */
  timeMin?: string | number;
  /** Absolute; the home directory by default */
  workingDirectory?: string;
  standardInput?: string;
  /** May hold Slurm's patterns, `%j`, `%x` and the like */
  standardOutput?: string;
  standardError?: string;
  /** Variables for the job */
  environment?: Record<string, string>;
  /** All have to be met */
  dependencies?: Dependency[];
  /** As `sbatch --array` */
  array?: string;
  /** Not before this time (RFC 3339) */
  beginTime?: string;
  /** Removed if it cannot end by this time (RFC 3339) */
  deadline?: string;
  /** Constraint, as `sbatch --constraint` */
  features?: string;
  reservation?: string;
  nodelist?: string;
  exclude?: string;
  licenses?: string;
  nice?: number;
  priority?: number;
  /** Submit held */
  hold?: boolean;
  /** Whether the job may be requeued */
  requeue?: boolean;
  exclusive?: boolean;
  comment?: string;
  mailType?: string;
  mailUser?: string;
  /** Makes a repetition of this very request harmless; by default a new UUID. */
  idempotencyKey?: string;
}

/** What `jobs.cancel` may be asked for. */
export interface JobCancelOptions {
  /** Signal to send: `SIGUSR1`, `USR1` or `10`; SIGTERM cancels */
  signal?: string;
  /** Kill at once */
  force?: boolean;
}

/** What `jobs.bulk` is asked for. */
export interface JobBulkRequest {
  action: 'cancel' | 'hold' | 'priority' | 'release' | 'requeue';
  jobIds: (string | number)[];
  options?: BulkOptions;
}

/** What `jobs.hold` is asked for. */
export interface JobHoldRequest {
  reason?: string;
}

/** What `jobs.setPriority` is asked for. */
export interface JobSetPriorityRequest {
  priority: number;
}

/** What `jobs.output` may be asked for. */
export interface JobOutputOptions {
  /** The last so many lines */
  lines?: number;
  /** First byte of a range */
  offset?: number;
  /** Bytes of a range */
  length?: number;
}

/** What `jobs.error` may be asked for. */
export interface JobErrorOptions {
  /** The last so many lines */
  lines?: number;
  /** First byte of a range */
  offset?: number;
  /** Bytes of a range */
  length?: number;
}

/** What `nodes.list` may be asked for. */
export interface NodeListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** States or flags as a comma list: `IDLE,MIXED`, `DRAIN`, `DRAINING` */
  state?: string;
  /** Nodes of any of these partitions */
  partition?: string;
  /** Nodes that have all of these features */
  features?: string;
  /** Only nodes that could start work now (or not) */
  available?: boolean;
  /** Node names or a hostlist */
  node?: string;
  /** Any scalar field of a node */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `nodes.drain` is asked for. */
export interface NodeDrainRequest {
  reason: string;
  /** After it the node is resumed by itself */
  timeout?: string | number;
}

/** What `nodes.setState` is asked for. */
export interface NodeSetStateRequest {
  /** DOWN, DRAIN, RESUME, UNDRAIN, FAIL, IDLE, POWER_UP or POWER_DOWN; DOWN, DRAIN and FAIL need a reason */
  state: string;
  reason?: string;
}

/** What `users.list` may be asked for. */
export interface UserListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** User names as a comma list */
  user?: string;
  /** Users with an association in any of these accounts */
  account?: string;
  /** none, operator, administrator */
  adminLevel?: string;
  /** Any scalar field of a user */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `partitions.list` may be asked for. */
export interface PartitionListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** States as a comma list: UP, DOWN, DRAIN, INACTIVE */
  state?: string;
  /** Any scalar field of a partition */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `metrics.performance` may be asked for. */
export interface MetricPerformanceOptions {
  /** Start time (ISO 8601); by default so that there are 24 intervals */
  startTime?: string;
  /** End time (ISO 8601); by default now */
  endTime?: string;
  /** Aggregation interval; intervals are aligned to it, days to UTC */
  interval?: '10m' | '12h' | '15m' | '1d' | '1h' | '1m' | '2h' | '30m' | '3h' | '4h' | '5m' | '6h';
  /** One partition instead of the whole cluster */
  partition?: string;
}

/** What `metrics.efficiency` may be asked for. */
export interface MetricEfficiencyOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** Filter by user */
  user?: string;
  /** Filter by partition */
  partition?: string;
  /** Account names, without regard to case */
  account?: string;
  /** How the jobs ended, by default any way; RUNNING for those that run */
  state?: string;
  /** Job name, exactly */
  jobName?: string;
  /** Minimum runtime threshold; a bare number is minutes */
  minRuntime?: string;
  /** Jobs with at least so many CPUs */
  minCpus?: number;
  /** Jobs that wasted at least so much */
  minWastedCpuHours?: number;
  /** Jobs that ended from here; by default 30 days before the end */
  startTime?: string;
  /** Jobs that ended until here; by default now */
  endTime?: string;
  /** One entry for each of these */
  groupBy?: 'account' | 'job' | 'job_name' | 'partition' | 'user';
  /** What is worst, or any other figure */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `search.query` may be asked for. */
export interface SearchQueryOptions {
  /** Search query: words, their beginnings, or an id. All words count */
  q: string;
  /**
   * Resource types as a comma list: jobs, nodes, users, partitions, accounts, qos, reservations; by
   * default all that the credential may read
   */
  type?: string;
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
}

/** What `reports.create` may be asked for. */
export interface ReportCreateOptions {
  /** Answer when it is finished, after so many seconds at the latest */
  wait?: number;
}

/** What `reports.create` is asked for. */
export interface ReportCreateRequest {
  type: 'efficiency' | 'queue' | 'usage' | 'utilization';
  format?: 'csv' | 'html' | 'json' | 'pdf' | 'xlsx';
  parameters?: ReportWish;
  delivery?: DeliveryWish;
}

/** What `reports.list` may be asked for. */
export interface ReportListOptions {
  /** utilization, efficiency, usage, queue, as a comma list */
  type?: string;
  /** processing, completed, failed, cancelled, as a comma list */
  status?: string;
  /** Reports of this user, for administrators */
  user?: string;
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
}

/** What `reports.get` may be asked for. */
export interface ReportGetOptions {
  /** Answer when it is finished, after so many seconds at the latest */
  wait?: number;
}

/** What `schedules.create` is asked for. */
export interface ScheduleCreateRequest {
  /** What people call it */
  name: string;
  /**
   * When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`, `@daily`,
   * `@weekly`, `@monthly`
   */
  cron: string;
  type: 'efficiency' | 'queue' | 'usage' | 'utilization';
  /**
   * IANA name of the clock that `cron` is about, and of the report's days unless `parameters` says
   * otherwise
   */
  timeZone?: string;
  /** Whether reports are made; false is a pause */
  enabled?: boolean;
  format?: 'csv' | 'html' | 'json' | 'pdf' | 'xlsx';
  parameters?: ReportWish;
  delivery?: DeliveryWish;
}

/** What `schedules.list` may be asked for. */
export interface ScheduleListOptions {
  /** Schedules of this user, for administrators */
  user?: string;
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
}

/** What `schedules.update` is asked for. */
export interface ScheduleUpdateRequest {
  /** What people call it */
  name?: string;
  /**
   * When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`, `@daily`,
   * `@weekly`, `@monthly`
   */
  cron?: string;
  /** IANA name of the clock */
  timeZone?: string;
  /** false pauses, true resumes */
  enabled?: boolean;
  type?: 'efficiency' | 'queue' | 'usage' | 'utilization';
  format?: 'csv' | 'html' | 'json' | 'pdf' | 'xlsx';
  parameters?: ReportWish;
  delivery?: DeliveryWish;
}

/** What `auth.login` is asked for. */
export interface AuthLoginRequest {
  username: string;
  password: string;
}

/** What `tokens.list` may be asked for. */
export interface TokenListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** User names as a comma list; for administrators */
  user?: string;
  /** token, api_key, login, client, certificate, as a comma list */
  kind?: string;
  /** valid, expired, revoked, as a comma list */
  state?: string;
  /** Any scalar field of a credential */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `tokens.create` is asked for. */
export interface TokenCreateRequest {
  name?: string;
  /** `api_key` for the header X-API-Key */
  kind?: 'api_key' | 'token';
  /** How much it sees at most; never more than Slurm says of the user */
  role?: 'admin' | 'operator' | 'user';
  scopes?: string[];
  /** Seconds */
  expiresIn?: number;
  /** Of the rate limits */
  tier?: 'enterprise' | 'free' | 'pro';
  /** Only jobs of these accounts */
  accounts?: string[];
  /** Only jobs in these partitions */
  partitions?: string[];
  /** Only from these addresses */
  networks?: string[];
  /** Only the user's own jobs */
  ownJobsOnly?: boolean;
}

/** What `alerts.list` may be asked for. */
export interface AlertListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** open, acknowledged, resolved, as a comma list */
  state?: string;
  /**
   * node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait,
   * utilization_low, job_failed, job_timeout, job_out_of_memory, as a comma list
   */
  rule?: string;
  /** info, warning, critical, as a comma list */
  severity?: string;
  /** What it is about */
  subject?: string;
  /** Any scalar field of an alert */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `alerts.acknowledge` is asked for. */
export interface AlertAcknowledgeRequest {
  comment?: string;
}

/** What `silences.list` may be asked for. */
export interface SilenceListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
}

/** What `silences.create` is asked for. */
export interface SilenceCreateRequest {
  /** For how long, at most 31 days */
  duration: string;
  reason: string;
  /**
   * Only this one: node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale,
   * queue_wait, utilization_low, job_failed, job_timeout, job_out_of_memory
   */
  rule?: string;
  /** Only what this is about; with `*` at the end all that begins so */
  subject?: string;
}

/** What `audit.list` may be asked for. */
export interface AuditListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** As whom it was done; names as a comma list */
  user?: string;
  /** Operation ids, and `login`, as a comma list */
  action?: string;
  /** `jobs/12345`, or `jobs` for all of them */
  resource?: string;
  /** Earliest time */
  since?: string;
  /** Latest time */
  until?: string;
  /** SUCCESS, PARTIAL, UNKNOWN or error codes, as a comma list */
  result?: string;
  /** The X-Request-ID of an answer */
  requestId?: string;
  /** Any scalar field of a record */
  sort?: string;
  /** Sort order */
  order?: 'asc' | 'desc';
}

/** What `events.subscribe` may be asked for. */
export interface EventSubscribeOptions {
  /** Job states or flags */
  state?: string;
  /** User names */
  user?: string;
  /** Partition names */
  partition?: string;
  /** Account names, without regard to case */
  account?: string;
  /** QOS names, without regard to case */
  qos?: string;
  /** A job name, exactly */
  jobName?: string;
  /** Job ids; an array's id means all its tasks */
  jobId?: string;
  /** Jobs on these nodes, as names or a hostlist */
  node?: string;
  /** Jobs that had not ended before */
  startTime?: string;
  /** Jobs that were submitted by then */
  endTime?: string;
  /** Channels as a comma list */
  channel?: string;
  /** Replay the events after this number first */
  since?: number;
  /** Send what matches now first */
  snapshot?: boolean;
  /** Nodes that have all of these features */
  features?: string;
  /** Only nodes that could start work (or not) */
  available?: boolean;
  /** Alerts of these rules, as a comma list */
  rule?: string;
  /** Alerts that matter so: info, warning, critical */
  severity?: string;
  /** Alerts about this */
  subject?: string;
  /** Of other channels: ids of the resources */
  resourceId?: string;
}

/** What `webhooks.create` is asked for. */
export interface WebhookCreateRequest {
  url: string;
  /** One to ten */
  subscriptions: WebhookSubscription[];
  /** For its owner to tell it from others */
  name?: string;
  /** Begin after this event; unset begins with the next */
  since?: number;
}

/** What `webhooks.list` may be asked for. */
export interface WebhookListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** Webhooks of this user, for administrators */
  user?: string;
}

/** What `webhooks.update` is asked for. */
export interface WebhookUpdateRequest {
  /** `active` begins again; what happened meanwhile is posted */
  state?: 'active' | 'paused';
  url?: string;
  subscriptions?: WebhookSubscription[];
  /** For its owner to tell it from others */
  name?: string;
}

/** What `deliveries.list` may be asked for. */
export interface DeliverieListOptions {
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
  /** pending, delivered, dead, as a comma list */
  state?: string;
}

/** What `exports.create` may be asked for. */
export interface ExportCreateOptions {
  /** Answer when it is finished, after so many seconds at the latest */
  wait?: number;
}

/** What `exports.create` is asked for. */
export interface ExportCreateRequest {
  /** What is in the rows; audit is for administrators */
  type: 'audit' | 'efficiency' | 'jobs' | 'metrics' | 'nodes' | 'partitions' | 'users';
  /** Of the file */
  format?: 'csv' | 'html' | 'json' | 'markdown' | 'ndjson' | 'parquet' | 'xlsx';
  /** The filters of the list of that type, as texts or lists; of metrics span and interval */
  filter?: Record<string, unknown>;
  /** Columns in their order; without it all. `runtime` is `elapsed_time` */
  fields?: string[];
  options?: ExportOptions;
}

/** What `exports.list` may be asked for. */
export interface ExportListOptions {
  /** processing, completed, failed, cancelled, as a comma list */
  status?: string;
  /** Exports of this user, for administrators */
  user?: string;
  /** Maximum results */
  limit?: number;
  /** Pagination offset */
  offset?: number;
}

/** What `exports.get` may be asked for. */
export interface ExportGetOptions {
  /** Answer when it is finished, after so many seconds at the latest */
  wait?: number;
}

/** What `auth.accessToken` is asked for. */
export interface AuthAccessTokenRequest {
  grantType?: string;
  clientId?: string;
  clientSecret?: string;
  /** Separated by blanks; all of the client's by default */
  scope?: string;
}

