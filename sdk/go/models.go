// Code generated from docs/openapi.yaml by `make sdk`. DO NOT EDIT.

package s9s

import (
	"context"
	"net/url"
)

// AccessToken: An access token, to be sent as a bearer token.
type AccessToken struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// Seconds
	ExpiresIn int    `json:"expires_in"`
	Scope     string `json:"scope"`
}

// Alert: Something that somebody should know of.
type Alert struct {
	AlertID string `json:"alert_id"`
	// node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait,
	// utilization_low, job_failed, job_timeout, job_out_of_memory
	Rule string `json:"rule"`
	// info, warning, critical
	Severity string `json:"severity"`
	// open, acknowledged, resolved
	State string `json:"state"`
	// What it is about
	Subject        string  `json:"subject"`
	Message        string  `json:"message"`
	RaisedAt       string  `json:"raised_at"`
	ResolvedAt     *string `json:"resolved_at"`
	AcknowledgedAt *string `json:"acknowledged_at"`
	AcknowledgedBy *string `json:"acknowledged_by"`
	Comment        *string `json:"comment"`
	// Whether a silence kept it from being told
	Silenced bool `json:"silenced"`
	// The owner of the job that it is about
	User *string `json:"user"`
}

// AlertList: A page of alerts.
type AlertList struct {
	Total   int     `json:"total"`
	Limit   int     `json:"limit"`
	Offset  int     `json:"offset"`
	HasMore bool    `json:"has_more"`
	Alerts  []Alert `json:"alerts"`
}

// Alive: A process that answers.
type Alive struct {
	Status string `json:"status"`
}

// Association: A user's place in an account.
type Association struct {
	Account string `json:"account"`
	// null: any
	Partition  *string  `json:"partition"`
	QOS        []string `json:"qos"`
	DefaultQOS *string  `json:"default_qos"`
}

// Audit: Something that was done, or refused. What does not apply is null.
type Audit struct {
	// Of the record in the log; the outcome has one of its own
	Number int    `json:"number"`
	At     string `json:"at"`
	// Operation id, or `login`
	Action *string `json:"action"`
	// The Slurm user as whom it was done
	User *string `json:"user"`
	// Public id of the credential
	Credential *string `json:"credential"`
	Address    *string `json:"address"`
	Method     *string `json:"method"`
	Route      *string `json:"route"`
	// What it was done to, or what was made by it
	Resource *string `json:"resource"`
	// The request's fields, without secrets
	What map[string]any `json:"what"`
	// States of resources before it
	Before map[string]any `json:"before"`
	// States of resources after it
	After map[string]any `json:"after"`
	// SUCCESS, PARTIAL, an error code, or UNKNOWN: under way or cut short
	Result string `json:"result"`
	// Of the answer
	Status    *int    `json:"status"`
	RequestID *string `json:"request_id"`
	// SHA-256 of the record, hexadecimal
	Hash string `json:"hash"`
}

// AuditList: A page of the audit log.
type AuditList struct {
	Total   int     `json:"total"`
	Limit   int     `json:"limit"`
	Offset  int     `json:"offset"`
	HasMore bool    `json:"has_more"`
	Records []Audit `json:"records"`
}

// BulkAnswer: A result for every id, in the order given.
type BulkAnswer struct {
	BatchID string       `json:"batch_id"`
	Results []BulkResult `json:"results"`
	Summary BulkSummary  `json:"summary"`
}

// BulkOptions: What goes with the action.
type BulkOptions struct {
	Force    bool   `json:"force,omitempty"`
	Signal   string `json:"signal,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Priority *int   `json:"priority,omitempty"`
}

// BulkResult: What came of one id.
type BulkResult struct {
	JobID   string `json:"job_id"`
	Status  string `json:"status"`
	Message string `json:"message"`
	// The error's code
	Code *string `json:"code"`
}

// BulkSummary: How many came out how.
type BulkSummary struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Failed     int `json:"failed"`
}

// CallerStatus: Who asks.
type CallerStatus struct {
	User    string   `json:"user"`
	Role    string   `json:"role"`
	Scopes  []string `json:"scopes"`
	TokenID string   `json:"token_id"`
}

// ClusterMetrics: A cluster at one moment.
type ClusterMetrics struct {
	// When Slurm was read
	Timestamp          string             `json:"timestamp"`
	ClusterUtilization ClusterUtilization `json:"cluster_utilization"`
	// Live jobs by state, and finished ones that ended within the window; every unstarted task of an array
	// counts, as in `squeue -r`
	JobCounts map[string]int `json:"job_counts"`
	// Nodes by state; empty where they are private
	NodeCounts map[string]int `json:"node_counts"`
	QueueStats QueueStats     `json:"queue_stats"`
	// Span of finished jobs and of waits, before now: a day, less where less is known
	WindowSeconds int `json:"window_seconds"`
}

// ClusterStatus: One cluster and how it is reached.
type ClusterStatus struct {
	Name         string `json:"name"`
	SlurmVersion string `json:"slurm_version"`
	// Operation to the way it takes
	Routes    map[string]string `json:"routes"`
	Reachable bool              `json:"reachable"`
	// Seconds since Slurm was last read
	SnapshotAge        *float64 `json:"snapshot_age"`
	SnapshotGeneration int      `json:"snapshot_generation"`
	// Seconds between two reads at present
	RefreshInterval float64 `json:"refresh_interval"`
	Jobs            int     `json:"jobs"`
	Nodes           int     `json:"nodes"`
	// `anyone`, `nobody` (read only), or the one user
	ActsAs    string         `json:"acts_as"`
	LastError *string        `json:"last_error"`
	Notes     []string       `json:"notes"`
	History   *HistoryStatus `json:"history"`
}

// ClusterUtilization: Allocated of all, in percent; null where there is nothing, or nodes are private.
type ClusterUtilization struct {
	CPUPercent    *float64 `json:"cpu_percent"`
	MemoryPercent *float64 `json:"memory_percent"`
	GPUPercent    *float64 `json:"gpu_percent"`
}

// Credential: The credential of a request.
type Credential struct {
	TokenID string `json:"token_id"`
	// token, api_key, login, client, certificate, oidc
	Kind        string   `json:"kind"`
	Tier        string   `json:"tier"`
	ExpiresAt   *string  `json:"expires_at"`
	Accounts    []string `json:"accounts"`
	Partitions  []string `json:"partitions"`
	Networks    []string `json:"networks"`
	OwnJobsOnly bool     `json:"own_jobs_only"`
}

// Delivery: Where the report goes.
type Delivery struct {
	Method string  `json:"method"`
	Email  *string `json:"email"`
	URL    *string `json:"url"`
	// pending, delivered, failed; null without delivery
	Status *string `json:"status"`
	// Why it failed, or why it is being tried again
	Error *string `json:"error"`
	// What a webhook is signed with; in the answer to the request only
	Secret *string `json:"secret"`
}

// DeliveryEntry: One post of a webhook.
type DeliveryEntry struct {
	DeliveryID string `json:"delivery_id"`
	// `gap`: events were not kept so long
	Kind string `json:"kind"`
	// `dead`: given up, to be redelivered by hand
	State         string `json:"state"`
	FirstSequence int    `json:"first_sequence"`
	LastSequence  int    `json:"last_sequence"`
	// How many are in it
	Events    int    `json:"events"`
	Attempts  int    `json:"attempts"`
	CreatedAt string `json:"created_at"`
	// null: none will be made by itself
	NextAttemptAt *string `json:"next_attempt_at"`
	FinishedAt    *string `json:"finished_at"`
	// Why the last attempt failed, if it did
	Error *string `json:"error"`
}

// DeliveryList: A page of deliveries.
type DeliveryList struct {
	Total      int             `json:"total"`
	Limit      int             `json:"limit"`
	Offset     int             `json:"offset"`
	HasMore    bool            `json:"has_more"`
	Deliveries []DeliveryEntry `json:"deliveries"`
}

// DeliveryWish: Where the report goes when it is done; it can be fetched in any case.
type DeliveryWish struct {
	Method string `json:"method,omitempty"`
	// One address
	Email string `json:"email,omitempty"`
	// Where a webhook posts to
	URL string `json:"url,omitempty"`
	// What a webhook is signed with; without it one is made
	Secret string `json:"secret,omitempty"`
}

// Dependency: Start only after another job: `afterok`, `afterany`, `afternotok`, `after`, `singleton`.
type Dependency struct {
	Type  string `json:"type"`
	JobID string `json:"job_id,omitempty"`
}

// EfficiencyEntry: A job, or all jobs with something in common; what does not apply is null.
type EfficiencyEntry struct {
	Jobs int `json:"jobs"`
	// CPU time used over CPU time allocated
	CPUEfficiency *float64 `json:"cpu_efficiency"`
	// Most memory used over memory allocated
	MemoryEfficiency *float64 `json:"memory_efficiency"`
	// GPU utilization
	GPUEfficiency *float64 `json:"gpu_efficiency"`
	// Allocated, whether use was measured or not
	CPUHours       float64 `json:"cpu_hours"`
	MemoryGibHours float64 `json:"memory_gib_hours"`
	GPUHours       float64 `json:"gpu_hours"`
	// Allocated and not used
	WastedCPUHours       *float64 `json:"wasted_cpu_hours"`
	WastedMemoryGibHours *float64 `json:"wasted_memory_gib_hours"`
	WastedGPUHours       *float64 `json:"wasted_gpu_hours"`
	JobID                *string  `json:"job_id"`
	JobName              *string  `json:"job_name"`
	User                 *string  `json:"user"`
	Account              *string  `json:"account"`
	Partition            *string  `json:"partition"`
	State                *string  `json:"state"`
	StartTime            *string  `json:"start_time"`
	// null while the job runs. Of a group: of the latest job
	EndTime *string `json:"end_time"`
	// Of a group: of all jobs together
	ElapsedTime string `json:"elapsed_time"`
	// Over all nodes
	MaxMemoryUsed *string `json:"max_memory_used"`
	// Where the largest task ran
	MaxMemoryNode    *string     `json:"max_memory_node"`
	Request          *Request    `json:"request"`
	SuggestedRequest *Suggestion `json:"suggested_request"`
}

// EfficiencyList: A page of jobs or sums, the worst first.
type EfficiencyList struct {
	Total      int               `json:"total"`
	Limit      int               `json:"limit"`
	Offset     int               `json:"offset"`
	HasMore    bool              `json:"has_more"`
	Efficiency []EfficiencyEntry `json:"efficiency"`
	// Of everything that passes the filters
	Summary   Figures `json:"summary"`
	GroupBy   string  `json:"group_by"`
	StartTime string  `json:"start_time"`
	EndTime   string  `json:"end_time"`
}

// Export: An export.
type Export struct {
	ExportID string `json:"export_id"`
	Status   string `json:"status"`
	// Where the file is, once it is completed
	DownloadURL *string `json:"download_url"`
	// Bytes
	FileSize *int `json:"file_size"`
	// Rows; those that are written so far while it is made
	RecordCount int `json:"record_count"`
	// 0 to 1
	Progress  float64 `json:"progress"`
	CreatedAt string  `json:"created_at"`
	// When it was finished, in whatever way
	CompletedAt *string `json:"completed_at"`
	// When the file is deleted
	ExpiresAt string `json:"expires_at"`
	Type      string `json:"type"`
	Format    string `json:"format"`
	Filename  string `json:"filename"`
	// Of the file
	Checksum *string `json:"checksum"`
	// Why it failed, or why it is being tried again
	Error *string `json:"error"`
	// Who asked for it
	User string `json:"user"`
}

// ExportAnswer: What became of an export that was to be deleted.
type ExportAnswer struct {
	ExportID string `json:"export_id"`
	Status   string `json:"status"`
	Message  string `json:"message"`
}

// ExportList: A page of exports.
type ExportList struct {
	Total   int      `json:"total"`
	Limit   int      `json:"limit"`
	Offset  int      `json:"offset"`
	HasMore bool     `json:"has_more"`
	Exports []Export `json:"exports"`
}

// ExportOptions: How the file is written.
type ExportOptions struct {
	// Whether the columns have headings
	IncludeHeaders *bool `json:"include_headers,omitempty"`
	// Between the cells of CSV: comma, semicolon, tab or |
	Delimiter string `json:"delimiter,omitempty"`
	// Name of the file when it is saved; the format's extension is added if it lacks
	Filename string `json:"filename,omitempty"`
	// Begin CSV with a byte order mark, for names beyond ASCII in Excel
	Bom bool `json:"bom,omitempty"`
}

// Figures: Null where nothing was measured, never zero.
type Figures struct {
	Jobs int `json:"jobs"`
	// CPU time used over CPU time allocated
	CPUEfficiency *float64 `json:"cpu_efficiency"`
	// Most memory used over memory allocated
	MemoryEfficiency *float64 `json:"memory_efficiency"`
	// GPU utilization
	GPUEfficiency *float64 `json:"gpu_efficiency"`
	// Allocated, whether use was measured or not
	CPUHours       float64 `json:"cpu_hours"`
	MemoryGibHours float64 `json:"memory_gib_hours"`
	GPUHours       float64 `json:"gpu_hours"`
	// Allocated and not used
	WastedCPUHours       *float64 `json:"wasted_cpu_hours"`
	WastedMemoryGibHours *float64 `json:"wasted_memory_gib_hours"`
	WastedGPUHours       *float64 `json:"wasted_gpu_hours"`
}

// HistoryStatus: How far back finished jobs are recorded.
type HistoryStatus struct {
	// `accounting`, or `slurmctld`: only what ends while it is watched, and no usage
	Source string `json:"source"`
	// All jobs that ended from here ...
	Since *string `json:"since"`
	// ... to here are recorded
	Until *string `json:"until"`
	// The first fill goes back so far
	WantedSince *string `json:"wanted_since"`
	// Of the first fill, 0 to 1
	Progress  *float64 `json:"progress"`
	LastError *string  `json:"last_error"`
	// Running in accounting and unknown to slurmctld; null where nobody can tell
	RunawayJobs *int `json:"runaway_jobs"`
}

// Job: A job with everything that is known of it.
type Job struct {
	JobID     string  `json:"job_id"`
	JobName   string  `json:"job_name"`
	User      string  `json:"user"`
	Account   *string `json:"account"`
	Partition string  `json:"partition"`
	// Slurm's base state
	State      string  `json:"state"`
	SubmitTime string  `json:"submit_time"`
	StartTime  *string `json:"start_time"`
	EndTime    *string `json:"end_time"`
	// As of the snapshot
	ElapsedTime string   `json:"elapsed_time"`
	TimeLimit   *string  `json:"time_limit"`
	Nodes       []string `json:"nodes"`
	NodeCount   int      `json:"node_count"`
	CPUCount    int      `json:"cpu_count"`
	// Over all nodes
	Memory *string `json:"memory"`
	// Over all nodes
	GPUs             int     `json:"gpus"`
	Priority         *int    `json:"priority"`
	QOS              *string `json:"qos"`
	WorkingDirectory *string `json:"working_directory"`
	StandardOutput   *string `json:"standard_output"`
	StandardError    *string `json:"standard_error"`
	// null until the job has ended
	ExitCode *int    `json:"exit_code"`
	Reason   *string `json:"reason"`
	// The signal that ended the job
	Signal *int `json:"signal"`
	// Slurm's further state words
	Flags       []string `json:"flags"`
	ArrayJobID  *string  `json:"array_job_id"`
	ArrayTaskID *int     `json:"array_task_id"`
	// Tasks of an array that have not started
	ArrayTasks   *string `json:"array_tasks"`
	HetJobID     *string `json:"het_job_id"`
	HetJobOffset *int    `json:"het_job_offset"`
	EligibleTime *string `json:"eligible_time"`
	// The scheduler's estimate for a pending job
	ExpectedStartTime *string `json:"expected_start_time"`
	// What the one who held the job gave as reason
	HoldReason  *string `json:"hold_reason"`
	Comment     *string `json:"comment"`
	Reservation *string `json:"reservation"`
	Features    *string `json:"features"`
	// Shown to the owner and to administrators
	Command *string `json:"command"`
	// Shown to the owner and to administrators
	Environment   map[string]string `json:"environment"`
	Resources     JobResources      `json:"resources"`
	Dependencies  []JobDependency   `json:"dependencies"`
	StandardInput *string           `json:"standard_input"`
	RequeueCount  int               `json:"requeue_count"`
}

// JobAnswer: The answer to a change of one job.
type JobAnswer struct {
	JobID   string `json:"job_id"`
	State   string `json:"state"`
	Message string `json:"message"`
}

// JobDependency: A condition that has to be met before the job starts.
type JobDependency struct {
	Type   string  `json:"type"`
	JobID  *string `json:"job_id"`
	Status *string `json:"status"`
}

// JobList: A page of jobs.
type JobList struct {
	Total   int          `json:"total"`
	Limit   int          `json:"limit"`
	Offset  int          `json:"offset"`
	HasMore bool         `json:"has_more"`
	Jobs    []JobSummary `json:"jobs"`
}

// JobOutput: A part of a job's output file.
type JobOutput struct {
	JobID string `json:"job_id"`
	// Which of the two
	Stream string `json:"stream"`
	Path   string `json:"path"`
	// As UTF-8; bytes that are none are replaced
	Content string `json:"content"`
	// Lines in `content`
	Lines int `json:"lines"`
	// Bytes in the whole file
	Size int `json:"size"`
	// Where in the file `content` begins
	Offset int `json:"offset"`
	// Whether the file has more than `content`
	Truncated bool `json:"truncated"`
}

// JobResources: What a job used; null where nothing was measured.
type JobResources struct {
	// CPU time used over CPU time allocated
	CPUEfficiency *float64 `json:"cpu_efficiency"`
	// Most memory used over memory allocated
	MemoryEfficiency *float64 `json:"memory_efficiency"`
	GPUUtilization   *float64 `json:"gpu_utilization"`
	MaxMemoryUsed    *string  `json:"max_memory_used"`
	// CPU time of all steps
	MaxCPUTime *string `json:"max_cpu_time"`
}

// JobSummary: A job in a list. Times are RFC 3339 UTC; what Slurm has not set is null.
type JobSummary struct {
	JobID     string  `json:"job_id"`
	JobName   string  `json:"job_name"`
	User      string  `json:"user"`
	Account   *string `json:"account"`
	Partition string  `json:"partition"`
	// Slurm's base state
	State      string  `json:"state"`
	SubmitTime string  `json:"submit_time"`
	StartTime  *string `json:"start_time"`
	EndTime    *string `json:"end_time"`
	// As of the snapshot
	ElapsedTime string   `json:"elapsed_time"`
	TimeLimit   *string  `json:"time_limit"`
	Nodes       []string `json:"nodes"`
	NodeCount   int      `json:"node_count"`
	CPUCount    int      `json:"cpu_count"`
	// Over all nodes
	Memory *string `json:"memory"`
	// Over all nodes
	GPUs             int     `json:"gpus"`
	Priority         *int    `json:"priority"`
	QOS              *string `json:"qos"`
	WorkingDirectory *string `json:"working_directory"`
	StandardOutput   *string `json:"standard_output"`
	StandardError    *string `json:"standard_error"`
	// null until the job has ended
	ExitCode *int    `json:"exit_code"`
	Reason   *string `json:"reason"`
	// The signal that ended the job
	Signal *int `json:"signal"`
	// Slurm's further state words
	Flags       []string `json:"flags"`
	ArrayJobID  *string  `json:"array_job_id"`
	ArrayTaskID *int     `json:"array_task_id"`
	// Tasks of an array that have not started
	ArrayTasks   *string `json:"array_tasks"`
	HetJobID     *string `json:"het_job_id"`
	HetJobOffset *int    `json:"het_job_offset"`
	EligibleTime *string `json:"eligible_time"`
	// The scheduler's estimate for a pending job
	ExpectedStartTime *string `json:"expected_start_time"`
	// What the one who held the job gave as reason
	HoldReason  *string `json:"hold_reason"`
	Comment     *string `json:"comment"`
	Reservation *string `json:"reservation"`
	Features    *string `json:"features"`
}

// NewToken: A credential with its secret, which is shown this once.
type NewToken struct {
	TokenID string `json:"token_id"`
	// token, api_key, login, client, certificate
	Kind string `json:"kind"`
	User string `json:"user"`
	// user, operator, admin: at most that; auto: whatever Slurm says of the user
	Role string `json:"role"`
	// Empty: all that the role may
	Scopes []string `json:"scopes"`
	// Empty: any
	Accounts []string `json:"accounts"`
	// Empty: any
	Partitions []string `json:"partitions"`
	// Empty: from anywhere
	Networks    []string `json:"networks"`
	OwnJobsOnly bool     `json:"own_jobs_only"`
	Name        *string  `json:"name"`
	Tier        string   `json:"tier"`
	// valid, expired, revoked
	State     string `json:"state"`
	CreatedAt string `json:"created_at"`
	// null: never
	ExpiresAt *string `json:"expires_at"`
	RevokedAt *string `json:"revoked_at"`
	// To the minute
	LastUsedAt *string `json:"last_used_at"`
	// The credential that it was made with
	CreatedBy *string `json:"created_by"`
	// The secret; kept nowhere
	Token string `json:"token"`
}

// Node: A node; `state` is the one that `sinfo` would show.
type Node struct {
	NodeName string `json:"node_name"`
	// DOWN, then DRAIN, then FAIL, else the base state
	State           string   `json:"state"`
	Partitions      []string `json:"partitions"`
	CPUTotal        int      `json:"cpu_total"`
	CPUAllocated    int      `json:"cpu_allocated"`
	CPULoad         *float64 `json:"cpu_load"`
	MemoryTotal     string   `json:"memory_total"`
	MemoryAllocated string   `json:"memory_allocated"`
	// As the node's operating system sees it
	MemoryFree    *string  `json:"memory_free"`
	GPUsTotal     int      `json:"gpus_total"`
	GPUsAllocated int      `json:"gpus_allocated"`
	Features      []string `json:"features"`
	Architecture  *string  `json:"architecture"`
	OS            *string  `json:"os"`
	BootTime      *string  `json:"boot_time"`
	LastBusy      *string  `json:"last_busy"`
	// Jobs on it that the caller may see
	Jobs       []string `json:"jobs"`
	Reason     *string  `json:"reason"`
	BaseState  string   `json:"base_state"`
	Flags      []string `json:"flags"`
	Gres       *string  `json:"gres"`
	ReasonUser *string  `json:"reason_user"`
	ReasonTime *string  `json:"reason_time"`
	// When Slurm resumes it by itself
	ResumeAfter  *string `json:"resume_after"`
	SlurmVersion *string `json:"slurm_version"`
}

// NodeAnswer: The answer to a change of one node, or of each node of a hostlist.
type NodeAnswer struct {
	// As it was asked for: a name or a hostlist
	NodeName string       `json:"node_name"`
	State    string       `json:"state"`
	Message  string       `json:"message"`
	Results  []NodeResult `json:"results"`
}

// NodeList: A page of nodes.
type NodeList struct {
	Total   int    `json:"total"`
	Limit   int    `json:"limit"`
	Offset  int    `json:"offset"`
	HasMore bool   `json:"has_more"`
	Nodes   []Node `json:"nodes"`
}

// NodeResult: What came of one node.
type NodeResult struct {
	NodeName string  `json:"node_name"`
	Status   string  `json:"status"`
	Message  string  `json:"message"`
	Code     *string `json:"code"`
}

// Partition: A partition and what is free in it.
type Partition struct {
	Name           string  `json:"name"`
	State          string  `json:"state"`
	NodesTotal     int     `json:"nodes_total"`
	NodesIdle      int     `json:"nodes_idle"`
	NodesAllocated int     `json:"nodes_allocated"`
	NodesMixed     int     `json:"nodes_mixed"`
	CPUsTotal      int     `json:"cpus_total"`
	CPUsAllocated  int     `json:"cpus_allocated"`
	DefaultTime    *string `json:"default_time"`
	MaxTime        *string `json:"max_time"`
	// null: as many as there are
	MaxNodes *int    `json:"max_nodes"`
	Priority *int    `json:"priority"`
	QOS      *string `json:"qos"`
	// Of any of its nodes
	Features  []string `json:"features"`
	IsDefault bool     `json:"is_default"`
	// Hostlist
	Nodes string `json:"nodes"`
	// null: all
	AllowAccounts []string `json:"allow_accounts"`
	AllowGroups   []string `json:"allow_groups"`
	AllowQOS      []string `json:"allow_qos"`
}

// PartitionList: A page of partitions.
type PartitionList struct {
	Total      int         `json:"total"`
	Limit      int         `json:"limit"`
	Offset     int         `json:"offset"`
	HasMore    bool        `json:"has_more"`
	Partitions []Partition `json:"partitions"`
}

// Performance: A series without holes: every interval that overlaps the span asked for.
type Performance struct {
	Metrics  []PerformanceBucket `json:"metrics"`
	Interval string              `json:"interval"`
	Count    int                 `json:"count"`
}

// PerformanceBucket: One interval. All null but the time where nobody saw the cluster: a gap is no
// zero.
type PerformanceBucket struct {
	// When the interval begins
	Timestamp string `json:"timestamp"`
	// Allocated of all CPUs, in percent
	CPUUtilization *float64 `json:"cpu_utilization"`
	// Allocated of all memory, in percent
	MemoryUtilization *float64 `json:"memory_utilization"`
	// Allocated of all GPUs, in percent; null where there are none
	GPUUtilization *float64 `json:"gpu_utilization"`
	JobsSubmitted  *int     `json:"jobs_submitted"`
	// Jobs that ended as COMPLETED
	JobsCompleted *int `json:"jobs_completed"`
	// Mean seconds from eligible to start of the jobs that started
	AvgQueueTime *int `json:"avg_queue_time"`
	// The part of the interval in which the cluster was seen
	Coverage float64 `json:"coverage"`
}

// QueueStats: Waits of the jobs that started within the window, and how many jobs get done.
type QueueStats struct {
	// null: no job started
	AvgWaitTime *string `json:"avg_wait_time"`
	MaxWaitTime *string `json:"max_wait_time"`
	// Jobs that ended as COMPLETED, per hour, over the last hour
	Throughput     float64 `json:"throughput"`
	AvgWaitSeconds *int    `json:"avg_wait_seconds"`
	MaxWaitSeconds *int    `json:"max_wait_seconds"`
	// Jobs that started within the window
	JobsStarted int `json:"jobs_started"`
}

// Report: A report.
type Report struct {
	ReportID   string           `json:"report_id"`
	Status     string           `json:"status"`
	Type       string           `json:"type"`
	Format     string           `json:"format"`
	Parameters ReportParameters `json:"parameters"`
	Delivery   Delivery         `json:"delivery"`
	// Where the file is, once it is completed
	DownloadURL *string `json:"download_url"`
	// Bytes
	FileSize *int   `json:"file_size"`
	Filename string `json:"filename"`
	// Of the file
	Checksum *string `json:"checksum"`
	// What it says, in a few sentences
	Summary []string `json:"summary"`
	// 0 to 1
	Progress  float64 `json:"progress"`
	CreatedAt string  `json:"created_at"`
	// When it was finished, in whatever way
	CompletedAt *string `json:"completed_at"`
	// When the file is deleted
	ExpiresAt string `json:"expires_at"`
	// Why it failed, or why it is being tried again
	Error *string `json:"error"`
	// Who asked for it
	User string `json:"user"`
	// The schedule that asked for it
	ScheduleID *string `json:"schedule_id"`
}

// ReportAnswer: What became of a report that was to be deleted.
type ReportAnswer struct {
	ReportID string `json:"report_id"`
	Status   string `json:"status"`
	Message  string `json:"message"`
}

// ReportList: A page of reports.
type ReportList struct {
	Total   int      `json:"total"`
	Limit   int      `json:"limit"`
	Offset  int      `json:"offset"`
	HasMore bool     `json:"has_more"`
	Reports []Report `json:"reports"`
}

// ReportParameters: What of, and when.
type ReportParameters struct {
	// day, week, month, quarter, year, custom
	Period    string `json:"period"`
	StartDate string `json:"start_date"`
	EndDate   string `json:"end_date"`
	TimeZone  string `json:"time_zone"`
	// null: all
	Partitions    []string `json:"partitions"`
	IncludeCharts bool     `json:"include_charts"`
}

// ReportWish: What of, and when.
type ReportWish struct {
	// The last full one; `start_date` and `end_date` win over it
	Period string `json:"period,omitempty"`
	// First day
	StartDate string `json:"start_date,omitempty"`
	// Last day, which belongs to it
	EndDate string `json:"end_date,omitempty"`
	// Only these; without it all
	Partitions []string `json:"partitions,omitempty"`
	// Whether PDF and HTML have charts
	IncludeCharts *bool `json:"include_charts,omitempty"`
	// IANA name, of the days; UTC without it, in a schedule that of the schedule
	TimeZone string `json:"time_zone,omitempty"`
}

// Request: What a job had asked for, or was given.
type Request struct {
	CPUs int `json:"cpus"`
	// Per node
	Memory    *string `json:"memory"`
	TimeLimit *string `json:"time_limit"`
	Nodes     int     `json:"nodes"`
	GPUs      int     `json:"gpus"`
}

// Schedule: A report that is made again and again.
type Schedule struct {
	ScheduleID string             `json:"schedule_id"`
	Name       string             `json:"name"`
	Cron       string             `json:"cron"`
	TimeZone   string             `json:"time_zone"`
	Enabled    bool               `json:"enabled"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Parameters ScheduleParameters `json:"parameters"`
	Delivery   ScheduleDelivery   `json:"delivery"`
	// When it is due; null while it is paused
	NextRunAt *string `json:"next_run_at"`
	// When it was due the last time
	LastRunAt *string `json:"last_run_at"`
	// Of the last report: processing, completed, failed, cancelled, deleted. Else waiting (it is tried
	// again), failed (it could not be asked for), stopped (it is paused until its owner resumes it); null:
	// none yet
	LastStatus *string `json:"last_status"`
	// Why it waits, failed or was stopped
	LastError    *string `json:"last_error"`
	LastReportID *string `json:"last_report_id"`
	CreatedAt    string  `json:"created_at"`
	UpdatedAt    string  `json:"updated_at"`
	// Whose it is
	User string `json:"user"`
}

// ScheduleAnswer: What became of a schedule.
type ScheduleAnswer struct {
	ScheduleID string `json:"schedule_id"`
	Message    string `json:"message"`
}

// ScheduleDelivery: Where each report goes.
type ScheduleDelivery struct {
	Method string  `json:"method"`
	Email  *string `json:"email"`
	URL    *string `json:"url"`
	// What a webhook is signed with; only in the answer to the request that set it
	Secret *string `json:"secret"`
}

// ScheduleList: A page of schedules.
type ScheduleList struct {
	Total     int        `json:"total"`
	Limit     int        `json:"limit"`
	Offset    int        `json:"offset"`
	HasMore   bool       `json:"has_more"`
	Schedules []Schedule `json:"schedules"`
}

// ScheduleParameters: What of, and when.
type ScheduleParameters struct {
	// day, week, month, quarter, year: the last full one before each run; custom
	Period string `json:"period"`
	// First day; null: as `period` has it
	StartDate *string `json:"start_date"`
	// Last day, which belongs to it
	EndDate  *string `json:"end_date"`
	TimeZone string  `json:"time_zone"`
	// null: all
	Partitions    []string `json:"partitions"`
	IncludeCharts bool     `json:"include_charts"`
}

// SearchResult: Something that fits.
type SearchResult struct {
	// job, node, user, partition, account, qos or reservation
	Type        string `json:"type"`
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	// Where it is told in full
	URL string `json:"url"`
	// 1 is an exact id or name
	Score float64 `json:"score"`
}

// SearchResults: Results of all types, best first.
type SearchResults struct {
	Results []SearchResult `json:"results"`
	// How many there are in all; of finished jobs in the database up to 1,000 count
	Total int `json:"total"`
	// Seconds
	QueryTime float64 `json:"query_time"`
	Limit     int     `json:"limit"`
	Offset    int     `json:"offset"`
	HasMore   bool    `json:"has_more"`
}

// Silence: What nobody is told of for a while.
type Silence struct {
	SilenceID string `json:"silence_id"`
	// null: every rule
	Rule *string `json:"rule"`
	// null: every subject
	Subject   *string `json:"subject"`
	Reason    string  `json:"reason"`
	CreatedBy string  `json:"created_by"`
	CreatedAt string  `json:"created_at"`
	EndsAt    string  `json:"ends_at"`
}

// SilenceList: All silences that have not ended.
type SilenceList struct {
	Total    int       `json:"total"`
	Limit    int       `json:"limit"`
	Offset   int       `json:"offset"`
	HasMore  bool      `json:"has_more"`
	Silences []Silence `json:"silences"`
}

// Status: Server, clusters, caller.
type Status struct {
	// `ok`, or `degraded` while a cluster is out of reach
	Status  string `json:"status"`
	Version string `json:"version"`
	// Seconds
	Uptime    float64         `json:"uptime"`
	StartedAt string          `json:"started_at"`
	Timestamp string          `json:"timestamp"`
	Clusters  []ClusterStatus `json:"clusters"`
	Caller    CallerStatus    `json:"caller"`
}

// SubmittedJob: The answer to a submission.
type SubmittedJob struct {
	JobID   string `json:"job_id"`
	State   string `json:"state"`
	Message string `json:"message"`
	// Why Slurm accepts the job but may never start it
	Warnings []string `json:"warnings"`
}

// Suggestion: What to ask for the next time, as fields of a submission.
type Suggestion struct {
	// Over all nodes
	CPUs *int `json:"cpus"`
	// Per node
	Memory    *string `json:"memory"`
	TimeLimit *string `json:"time_limit"`
	// Grows with the number of like jobs and with how long they ran
	Confidence  float64 `json:"confidence"`
	BasedOnJobs int     `json:"based_on_jobs"`
}

// Token: A credential, without its secret.
type Token struct {
	TokenID string `json:"token_id"`
	// token, api_key, login, client, certificate
	Kind string `json:"kind"`
	User string `json:"user"`
	// user, operator, admin: at most that; auto: whatever Slurm says of the user
	Role string `json:"role"`
	// Empty: all that the role may
	Scopes []string `json:"scopes"`
	// Empty: any
	Accounts []string `json:"accounts"`
	// Empty: any
	Partitions []string `json:"partitions"`
	// Empty: from anywhere
	Networks    []string `json:"networks"`
	OwnJobsOnly bool     `json:"own_jobs_only"`
	Name        *string  `json:"name"`
	Tier        string   `json:"tier"`
	// valid, expired, revoked
	State     string `json:"state"`
	CreatedAt string `json:"created_at"`
	// null: never
	ExpiresAt *string `json:"expires_at"`
	RevokedAt *string `json:"revoked_at"`
	// To the minute
	LastUsedAt *string `json:"last_used_at"`
	// The credential that it was made with
	CreatedBy *string `json:"created_by"`
}

// TokenList: A page of credentials.
type TokenList struct {
	Total   int     `json:"total"`
	Limit   int     `json:"limit"`
	Offset  int     `json:"offset"`
	HasMore bool    `json:"has_more"`
	Tokens  []Token `json:"tokens"`
}

// User: A Slurm user.
type User struct {
	Username       string        `json:"username"`
	DefaultAccount *string       `json:"default_account"`
	AdminLevel     string        `json:"admin_level"`
	JobsRunning    int           `json:"jobs_running"`
	JobsPending    int           `json:"jobs_pending"`
	CPUTimeUsed    *string       `json:"cpu_time_used"`
	Associations   []Association `json:"associations"`
	CoordinatorOf  []string      `json:"coordinator_of"`
}

// UserList: A page of users.
type UserList struct {
	Total   int    `json:"total"`
	Limit   int    `json:"limit"`
	Offset  int    `json:"offset"`
	HasMore bool   `json:"has_more"`
	Users   []User `json:"users"`
}

// WebSocketTicket: A ticket for one WebSocket: `wss://.../v1/ws?ticket=...`.
type WebSocketTicket struct {
	Ticket string `json:"ticket"`
	// Seconds
	ExpiresIn int `json:"expires_in"`
}

// Webhook: Events that are posted to another server.
type Webhook struct {
	WebhookID string  `json:"webhook_id"`
	URL       string  `json:"url"`
	Name      *string `json:"name"`
	User      string  `json:"user"`
	// `stopped`: by the server, for `reason`
	State         string                `json:"state"`
	Reason        *string               `json:"reason"`
	Subscriptions []WebhookSubscription `json:"subscriptions"`
	// The last event that has been dealt with
	Sequence int `json:"sequence"`
	// Events since then, wanted or not
	Lag int `json:"lag"`
	// Attempts that have failed since the last one that did not
	Failures int `json:"failures"`
	// Why the last attempt failed, if it did
	LastError       *string `json:"last_error"`
	LastDeliveredAt *string `json:"last_delivered_at"`
	// When the credential ends that it acts with
	ExpiresAt *string `json:"expires_at"`
	CreatedAt string  `json:"created_at"`
	UpdatedAt string  `json:"updated_at"`
	// What posts are signed with; in the answer to its making only
	Secret *string `json:"secret"`
}

// WebhookAnswer: What became of a webhook.
type WebhookAnswer struct {
	WebhookID string `json:"webhook_id"`
	Message   string `json:"message"`
}

// WebhookList: A page of webhooks.
type WebhookList struct {
	Total    int       `json:"total"`
	Limit    int       `json:"limit"`
	Offset   int       `json:"offset"`
	HasMore  bool      `json:"has_more"`
	Webhooks []Webhook `json:"webhooks"`
}

// WebhookSubscription: Some events: as in a subscription of the WebSocket.
type WebhookSubscription struct {
	Channel string `json:"channel"`
	// As in the channel's list
	Filter map[string]any `json:"filter,omitempty"`
}

// WhoAmI: Who makes the request.
type WhoAmI struct {
	// The Slurm user as whom everything is done
	User string `json:"user"`
	// user, operator or admin, as Slurm says it at the moment
	Role string `json:"role"`
	// All that the credential is good for
	Scopes     []string   `json:"scopes"`
	Credential Credential `json:"credential"`
}

// JobListOptions: What Jobs.List may be asked for; nil asks for nothing.
type JobListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// Job states or flags, e.g. `RUNNING,PENDING`
	State string `json:"state,omitempty"`
	// User names
	User string `json:"user,omitempty"`
	// Partition names
	Partition string `json:"partition,omitempty"`
	// Account names, without regard to case
	Account string `json:"account,omitempty"`
	// QOS names, without regard to case
	QOS string `json:"qos,omitempty"`
	// Job names, exactly
	JobName string `json:"job_name,omitempty"`
	// Job ids; an array's id finds all its tasks
	JobID string `json:"job_id,omitempty"`
	// Jobs on these nodes, as names or a hostlist
	Node string `json:"node,omitempty"`
	// Jobs that had not ended before, as `sacct -S`
	StartTime string `json:"start_time,omitempty"`
	// Jobs that were submitted by then, as `sacct -E`
	EndTime string `json:"end_time,omitempty"`
	// Any scalar field of a job
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobListOptions) WithContext(ctx context.Context) *JobListOptions {
	made := JobListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *JobListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "state", o.State)
		set(values, "user", o.User)
		set(values, "partition", o.Partition)
		set(values, "account", o.Account)
		set(values, "qos", o.QOS)
		set(values, "job_name", o.JobName)
		set(values, "job_id", o.JobID)
		set(values, "node", o.Node)
		set(values, "start_time", o.StartTime)
		set(values, "end_time", o.EndTime)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// JobSubmitRequest: What Jobs.Submit is asked for.
type JobSubmitRequest struct {
	// Text that starts with `#!`: the batch script itself. An absolute path: the script file, read with
	// the submitting user's own permissions. Anything else: a command line, wrapped as `sbatch --wrap`
	// does.
	Script  string `json:"script"`
	JobName string `json:"job_name,omitempty"`
	// Alias of `job_name`
	Name      string `json:"name,omitempty"`
	Partition string `json:"partition,omitempty"`
	Account   string `json:"account,omitempty"`
	QOS       string `json:"qos,omitempty"`
	// Number of nodes
	Nodes int `json:"nodes,omitempty"`
	// That many CPUs on each node
	CPUsPerNode  int `json:"cpus_per_node,omitempty"`
	Tasks        int `json:"tasks,omitempty"`
	TasksPerNode int `json:"tasks_per_node,omitempty"`
	CPUsPerTask  int `json:"cpus_per_task,omitempty"`
	// Per node: `64GB`, `1500M`; a number is MB
	Memory string `json:"memory,omitempty"`
	// Per CPU, instead of `memory`
	MemoryPerCPU string `json:"memory_per_cpu,omitempty"`
	// Over the whole job, as `sbatch --gpus`
	GPUs        int `json:"gpus,omitempty"`
	GPUsPerNode int `json:"gpus_per_node,omitempty"`
	// Per node, as `sbatch --gres`
	Gres string `json:"gres,omitempty"`
	// Any form of `sbatch --time`, also `2h`, `30m`, `7d`; a number is minutes
	TimeLimit string `json:"time_limit,omitempty"`
	// Smallest time limit that would do
	TimeMin string `json:"time_min,omitempty"`
	// Absolute; the home directory by default
	WorkingDirectory string `json:"working_directory,omitempty"`
	StandardInput    string `json:"standard_input,omitempty"`
	// May hold Slurm's patterns, `%j`, `%x` and the like
	StandardOutput string `json:"standard_output,omitempty"`
	StandardError  string `json:"standard_error,omitempty"`
	// Variables for the job
	Environment map[string]string `json:"environment,omitempty"`
	// All have to be met
	Dependencies []Dependency `json:"dependencies,omitempty"`
	// As `sbatch --array`
	Array string `json:"array,omitempty"`
	// Not before this time (RFC 3339)
	BeginTime string `json:"begin_time,omitempty"`
	// Removed if it cannot end by this time (RFC 3339)
	Deadline string `json:"deadline,omitempty"`
	// Constraint, as `sbatch --constraint`
	Features    string `json:"features,omitempty"`
	Reservation string `json:"reservation,omitempty"`
	Nodelist    string `json:"nodelist,omitempty"`
	Exclude     string `json:"exclude,omitempty"`
	Licenses    string `json:"licenses,omitempty"`
	Nice        *int   `json:"nice,omitempty"`
	Priority    *int   `json:"priority,omitempty"`
	// Submit held
	Hold *bool `json:"hold,omitempty"`
	// Whether the job may be requeued
	Requeue   *bool  `json:"requeue,omitempty"`
	Exclusive *bool  `json:"exclusive,omitempty"`
	Comment   string `json:"comment,omitempty"`
	MailType  string `json:"mail_type,omitempty"`
	MailUser  string `json:"mail_user,omitempty"`
	// Makes a repetition of this very request harmless; by default a new one.
	IdempotencyKey string `json:"-"`
	ctx            context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobSubmitRequest) WithContext(ctx context.Context) *JobSubmitRequest {
	made := JobSubmitRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobSubmitRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// JobCancelOptions: What Jobs.Cancel may be asked for; nil asks for nothing.
type JobCancelOptions struct {
	// Signal to send: `SIGUSR1`, `USR1` or `10`; SIGTERM cancels
	Signal string `json:"signal,omitempty"`
	// Kill at once
	Force bool `json:"force,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobCancelOptions) WithContext(ctx context.Context) *JobCancelOptions {
	made := JobCancelOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobCancelOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *JobCancelOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "signal", o.Signal)
		set(values, "force", o.Force)
	}
	return values
}

// JobBulkRequest: What Jobs.Bulk is asked for.
type JobBulkRequest struct {
	Action  string       `json:"action"`
	JobIDs  []string     `json:"job_ids"`
	Options *BulkOptions `json:"options,omitempty"`
	ctx     context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobBulkRequest) WithContext(ctx context.Context) *JobBulkRequest {
	made := JobBulkRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobBulkRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// JobHoldRequest: What Jobs.Hold is asked for.
type JobHoldRequest struct {
	Reason string `json:"reason,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobHoldRequest) WithContext(ctx context.Context) *JobHoldRequest {
	made := JobHoldRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobHoldRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// JobSetPriorityRequest: What Jobs.SetPriority is asked for.
type JobSetPriorityRequest struct {
	Priority int `json:"priority"`
	ctx      context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobSetPriorityRequest) WithContext(ctx context.Context) *JobSetPriorityRequest {
	made := JobSetPriorityRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobSetPriorityRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// JobOutputOptions: What Jobs.Output may be asked for; nil asks for nothing.
type JobOutputOptions struct {
	// The last so many lines
	Lines *int `json:"lines,omitempty"`
	// First byte of a range
	Offset *int `json:"offset,omitempty"`
	// Bytes of a range
	Length int `json:"length,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobOutputOptions) WithContext(ctx context.Context) *JobOutputOptions {
	made := JobOutputOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobOutputOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *JobOutputOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "lines", o.Lines)
		set(values, "offset", o.Offset)
		set(values, "length", o.Length)
	}
	return values
}

// JobErrorOptions: What Jobs.Error may be asked for; nil asks for nothing.
type JobErrorOptions struct {
	// The last so many lines
	Lines *int `json:"lines,omitempty"`
	// First byte of a range
	Offset *int `json:"offset,omitempty"`
	// Bytes of a range
	Length int `json:"length,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *JobErrorOptions) WithContext(ctx context.Context) *JobErrorOptions {
	made := JobErrorOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *JobErrorOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *JobErrorOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "lines", o.Lines)
		set(values, "offset", o.Offset)
		set(values, "length", o.Length)
	}
	return values
}

// NodeListOptions: What Nodes.List may be asked for; nil asks for nothing.
type NodeListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// States or flags as a comma list: `IDLE,MIXED`, `DRAIN`, `DRAINING`
	State string `json:"state,omitempty"`
	// Nodes of any of these partitions
	Partition string `json:"partition,omitempty"`
	// Nodes that have all of these features
	Features string `json:"features,omitempty"`
	// Only nodes that could start work now (or not)
	Available *bool `json:"available,omitempty"`
	// Node names or a hostlist
	Node string `json:"node,omitempty"`
	// Any scalar field of a node
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *NodeListOptions) WithContext(ctx context.Context) *NodeListOptions {
	made := NodeListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *NodeListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *NodeListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "state", o.State)
		set(values, "partition", o.Partition)
		set(values, "features", o.Features)
		set(values, "available", o.Available)
		set(values, "node", o.Node)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// NodeDrainRequest: What Nodes.Drain is asked for.
type NodeDrainRequest struct {
	Reason string `json:"reason"`
	// After it the node is resumed by itself
	Timeout string `json:"timeout,omitempty"`
	ctx     context.Context
}

// WithContext gives a copy that is called with the context.
func (o *NodeDrainRequest) WithContext(ctx context.Context) *NodeDrainRequest {
	made := NodeDrainRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *NodeDrainRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// NodeSetStateRequest: What Nodes.SetState is asked for.
type NodeSetStateRequest struct {
	// DOWN, DRAIN, RESUME, UNDRAIN, FAIL, IDLE, POWER_UP or POWER_DOWN; DOWN, DRAIN and FAIL need a reason
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *NodeSetStateRequest) WithContext(ctx context.Context) *NodeSetStateRequest {
	made := NodeSetStateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *NodeSetStateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// UserListOptions: What Users.List may be asked for; nil asks for nothing.
type UserListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// User names as a comma list
	User string `json:"user,omitempty"`
	// Users with an association in any of these accounts
	Account string `json:"account,omitempty"`
	// none, operator, administrator
	AdminLevel string `json:"admin_level,omitempty"`
	// Any scalar field of a user
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *UserListOptions) WithContext(ctx context.Context) *UserListOptions {
	made := UserListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *UserListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *UserListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "user", o.User)
		set(values, "account", o.Account)
		set(values, "admin_level", o.AdminLevel)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// PartitionListOptions: What Partitions.List may be asked for; nil asks for nothing.
type PartitionListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// States as a comma list: UP, DOWN, DRAIN, INACTIVE
	State string `json:"state,omitempty"`
	// Any scalar field of a partition
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *PartitionListOptions) WithContext(ctx context.Context) *PartitionListOptions {
	made := PartitionListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *PartitionListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *PartitionListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "state", o.State)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// MetricPerformanceOptions: What Metrics.Performance may be asked for; nil asks for nothing.
type MetricPerformanceOptions struct {
	// Start time (ISO 8601); by default so that there are 24 intervals
	StartTime string `json:"start_time,omitempty"`
	// End time (ISO 8601); by default now
	EndTime string `json:"end_time,omitempty"`
	// Aggregation interval; intervals are aligned to it, days to UTC
	Interval string `json:"interval,omitempty"`
	// One partition instead of the whole cluster
	Partition string `json:"partition,omitempty"`
	ctx       context.Context
}

// WithContext gives a copy that is called with the context.
func (o *MetricPerformanceOptions) WithContext(ctx context.Context) *MetricPerformanceOptions {
	made := MetricPerformanceOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *MetricPerformanceOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *MetricPerformanceOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "start_time", o.StartTime)
		set(values, "end_time", o.EndTime)
		set(values, "interval", o.Interval)
		set(values, "partition", o.Partition)
	}
	return values
}

// MetricEfficiencyOptions: What Metrics.Efficiency may be asked for; nil asks for nothing.
type MetricEfficiencyOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// Filter by user
	User string `json:"user,omitempty"`
	// Filter by partition
	Partition string `json:"partition,omitempty"`
	// Account names, without regard to case
	Account string `json:"account,omitempty"`
	// How the jobs ended, by default any way; RUNNING for those that run
	State string `json:"state,omitempty"`
	// Job name, exactly
	JobName string `json:"job_name,omitempty"`
	// Minimum runtime threshold; a bare number is minutes
	MinRuntime string `json:"min_runtime,omitempty"`
	// Jobs with at least so many CPUs
	MinCPUs int `json:"min_cpus,omitempty"`
	// Jobs that wasted at least so much
	MinWastedCPUHours float64 `json:"min_wasted_cpu_hours,omitempty"`
	// Jobs that ended from here; by default 30 days before the end
	StartTime string `json:"start_time,omitempty"`
	// Jobs that ended until here; by default now
	EndTime string `json:"end_time,omitempty"`
	// One entry for each of these
	GroupBy string `json:"group_by,omitempty"`
	// What is worst, or any other figure
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *MetricEfficiencyOptions) WithContext(ctx context.Context) *MetricEfficiencyOptions {
	made := MetricEfficiencyOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *MetricEfficiencyOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *MetricEfficiencyOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "user", o.User)
		set(values, "partition", o.Partition)
		set(values, "account", o.Account)
		set(values, "state", o.State)
		set(values, "job_name", o.JobName)
		set(values, "min_runtime", o.MinRuntime)
		set(values, "min_cpus", o.MinCPUs)
		set(values, "min_wasted_cpu_hours", o.MinWastedCPUHours)
		set(values, "start_time", o.StartTime)
		set(values, "end_time", o.EndTime)
		set(values, "group_by", o.GroupBy)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// SearchQueryOptions: What Search.Query may be asked for; nil asks for nothing.
type SearchQueryOptions struct {
	// Search query: words, their beginnings, or an id. All words count
	Q string `json:"q"`
	// Resource types as a comma list: jobs, nodes, users, partitions, accounts, qos, reservations; by
	// default all that the credential may read
	Type string `json:"type,omitempty"`
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *SearchQueryOptions) WithContext(ctx context.Context) *SearchQueryOptions {
	made := SearchQueryOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *SearchQueryOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *SearchQueryOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "q", o.Q)
		set(values, "type", o.Type)
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
	}
	return values
}

// ReportCreateOptions: What Reports.Create may be asked for; nil asks for nothing.
type ReportCreateOptions struct {
	// Answer when it is finished, after so many seconds at the latest
	Wait float64 `json:"wait,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ReportCreateOptions) WithContext(ctx context.Context) *ReportCreateOptions {
	made := ReportCreateOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ReportCreateOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ReportCreateOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "wait", o.Wait)
	}
	return values
}

// ReportCreateRequest: What Reports.Create is asked for.
type ReportCreateRequest struct {
	Type       string        `json:"type"`
	Format     string        `json:"format,omitempty"`
	Parameters *ReportWish   `json:"parameters,omitempty"`
	Delivery   *DeliveryWish `json:"delivery,omitempty"`
	ctx        context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ReportCreateRequest) WithContext(ctx context.Context) *ReportCreateRequest {
	made := ReportCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ReportCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// ReportListOptions: What Reports.List may be asked for; nil asks for nothing.
type ReportListOptions struct {
	// utilization, efficiency, usage, queue, as a comma list
	Type string `json:"type,omitempty"`
	// processing, completed, failed, cancelled, as a comma list
	Status string `json:"status,omitempty"`
	// Reports of this user, for administrators
	User string `json:"user,omitempty"`
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ReportListOptions) WithContext(ctx context.Context) *ReportListOptions {
	made := ReportListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ReportListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ReportListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "type", o.Type)
		set(values, "status", o.Status)
		set(values, "user", o.User)
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
	}
	return values
}

// ReportGetOptions: What Reports.Get may be asked for; nil asks for nothing.
type ReportGetOptions struct {
	// Answer when it is finished, after so many seconds at the latest
	Wait float64 `json:"wait,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ReportGetOptions) WithContext(ctx context.Context) *ReportGetOptions {
	made := ReportGetOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ReportGetOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ReportGetOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "wait", o.Wait)
	}
	return values
}

// ScheduleCreateRequest: What Schedules.Create is asked for.
type ScheduleCreateRequest struct {
	// What people call it
	Name string `json:"name"`
	// When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`, `@daily`,
	// `@weekly`, `@monthly`
	Cron string `json:"cron"`
	Type string `json:"type"`
	// IANA name of the clock that `cron` is about, and of the report's days unless `parameters` says
	// otherwise
	TimeZone string `json:"time_zone,omitempty"`
	// Whether reports are made; false is a pause
	Enabled    *bool         `json:"enabled,omitempty"`
	Format     string        `json:"format,omitempty"`
	Parameters *ReportWish   `json:"parameters,omitempty"`
	Delivery   *DeliveryWish `json:"delivery,omitempty"`
	ctx        context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ScheduleCreateRequest) WithContext(ctx context.Context) *ScheduleCreateRequest {
	made := ScheduleCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ScheduleCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// ScheduleListOptions: What Schedules.List may be asked for; nil asks for nothing.
type ScheduleListOptions struct {
	// Schedules of this user, for administrators
	User string `json:"user,omitempty"`
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ScheduleListOptions) WithContext(ctx context.Context) *ScheduleListOptions {
	made := ScheduleListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ScheduleListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ScheduleListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "user", o.User)
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
	}
	return values
}

// ScheduleUpdateRequest: What Schedules.Update is asked for.
type ScheduleUpdateRequest struct {
	// What people call it
	Name string `json:"name,omitempty"`
	// When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`, `@daily`,
	// `@weekly`, `@monthly`
	Cron string `json:"cron,omitempty"`
	// IANA name of the clock
	TimeZone string `json:"time_zone,omitempty"`
	// false pauses, true resumes
	Enabled    *bool         `json:"enabled,omitempty"`
	Type       string        `json:"type,omitempty"`
	Format     string        `json:"format,omitempty"`
	Parameters *ReportWish   `json:"parameters,omitempty"`
	Delivery   *DeliveryWish `json:"delivery,omitempty"`
	ctx        context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ScheduleUpdateRequest) WithContext(ctx context.Context) *ScheduleUpdateRequest {
	made := ScheduleUpdateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ScheduleUpdateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// AuthLoginRequest: What Auth.Login is asked for.
type AuthLoginRequest struct {
	Username string `json:"username"`
	Password string `json:"password"`
	ctx      context.Context
}

// WithContext gives a copy that is called with the context.
func (o *AuthLoginRequest) WithContext(ctx context.Context) *AuthLoginRequest {
	made := AuthLoginRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *AuthLoginRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// TokenListOptions: What Tokens.List may be asked for; nil asks for nothing.
type TokenListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// User names as a comma list; for administrators
	User string `json:"user,omitempty"`
	// token, api_key, login, client, certificate, as a comma list
	Kind string `json:"kind,omitempty"`
	// valid, expired, revoked, as a comma list
	State string `json:"state,omitempty"`
	// Any scalar field of a credential
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *TokenListOptions) WithContext(ctx context.Context) *TokenListOptions {
	made := TokenListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *TokenListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *TokenListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "user", o.User)
		set(values, "kind", o.Kind)
		set(values, "state", o.State)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// TokenCreateRequest: What Tokens.Create is asked for.
type TokenCreateRequest struct {
	Name string `json:"name,omitempty"`
	// `api_key` for the header X-API-Key
	Kind string `json:"kind,omitempty"`
	// How much it sees at most; never more than Slurm says of the user
	Role   string   `json:"role,omitempty"`
	Scopes []string `json:"scopes,omitempty"`
	// Seconds
	ExpiresIn int `json:"expires_in,omitempty"`
	// Of the rate limits
	Tier string `json:"tier,omitempty"`
	// Only jobs of these accounts
	Accounts []string `json:"accounts,omitempty"`
	// Only jobs in these partitions
	Partitions []string `json:"partitions,omitempty"`
	// Only from these addresses
	Networks []string `json:"networks,omitempty"`
	// Only the user's own jobs
	OwnJobsOnly bool `json:"own_jobs_only,omitempty"`
	ctx         context.Context
}

// WithContext gives a copy that is called with the context.
func (o *TokenCreateRequest) WithContext(ctx context.Context) *TokenCreateRequest {
	made := TokenCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *TokenCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// AlertListOptions: What Alerts.List may be asked for; nil asks for nothing.
type AlertListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// open, acknowledged, resolved, as a comma list
	State string `json:"state,omitempty"`
	// node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait,
	// utilization_low, job_failed, job_timeout, job_out_of_memory, as a comma list
	Rule string `json:"rule,omitempty"`
	// info, warning, critical, as a comma list
	Severity string `json:"severity,omitempty"`
	// What it is about
	Subject string `json:"subject,omitempty"`
	// Any scalar field of an alert
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *AlertListOptions) WithContext(ctx context.Context) *AlertListOptions {
	made := AlertListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *AlertListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *AlertListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "state", o.State)
		set(values, "rule", o.Rule)
		set(values, "severity", o.Severity)
		set(values, "subject", o.Subject)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// AlertAcknowledgeRequest: What Alerts.Acknowledge is asked for.
type AlertAcknowledgeRequest struct {
	Comment string `json:"comment,omitempty"`
	ctx     context.Context
}

// WithContext gives a copy that is called with the context.
func (o *AlertAcknowledgeRequest) WithContext(ctx context.Context) *AlertAcknowledgeRequest {
	made := AlertAcknowledgeRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *AlertAcknowledgeRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// SilenceListOptions: What Silences.List may be asked for; nil asks for nothing.
type SilenceListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *SilenceListOptions) WithContext(ctx context.Context) *SilenceListOptions {
	made := SilenceListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *SilenceListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *SilenceListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
	}
	return values
}

// SilenceCreateRequest: What Silences.Create is asked for.
type SilenceCreateRequest struct {
	// For how long, at most 31 days
	Duration string `json:"duration"`
	Reason   string `json:"reason"`
	// Only this one: node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale,
	// queue_wait, utilization_low, job_failed, job_timeout, job_out_of_memory
	Rule string `json:"rule,omitempty"`
	// Only what this is about; with `*` at the end all that begins so
	Subject string `json:"subject,omitempty"`
	ctx     context.Context
}

// WithContext gives a copy that is called with the context.
func (o *SilenceCreateRequest) WithContext(ctx context.Context) *SilenceCreateRequest {
	made := SilenceCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *SilenceCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// AuditListOptions: What Audit.List may be asked for; nil asks for nothing.
type AuditListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// As whom it was done; names as a comma list
	User string `json:"user,omitempty"`
	// Operation ids, and `login`, as a comma list
	Action string `json:"action,omitempty"`
	// `jobs/12345`, or `jobs` for all of them
	Resource string `json:"resource,omitempty"`
	// Earliest time
	Since string `json:"since,omitempty"`
	// Latest time
	Until string `json:"until,omitempty"`
	// SUCCESS, PARTIAL, UNKNOWN or error codes, as a comma list
	Result string `json:"result,omitempty"`
	// The X-Request-ID of an answer
	RequestID string `json:"request_id,omitempty"`
	// Any scalar field of a record
	Sort string `json:"sort,omitempty"`
	// Sort order
	Order string `json:"order,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *AuditListOptions) WithContext(ctx context.Context) *AuditListOptions {
	made := AuditListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *AuditListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *AuditListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "user", o.User)
		set(values, "action", o.Action)
		set(values, "resource", o.Resource)
		set(values, "since", o.Since)
		set(values, "until", o.Until)
		set(values, "result", o.Result)
		set(values, "request_id", o.RequestID)
		set(values, "sort", o.Sort)
		set(values, "order", o.Order)
	}
	return values
}

// EventSubscribeOptions: What Events.Subscribe may be asked for; nil asks for nothing.
type EventSubscribeOptions struct {
	// Job states or flags
	State string `json:"state,omitempty"`
	// User names
	User string `json:"user,omitempty"`
	// Partition names
	Partition string `json:"partition,omitempty"`
	// Account names, without regard to case
	Account string `json:"account,omitempty"`
	// QOS names, without regard to case
	QOS string `json:"qos,omitempty"`
	// A job name, exactly
	JobName string `json:"job_name,omitempty"`
	// Job ids; an array's id means all its tasks
	JobID string `json:"job_id,omitempty"`
	// Jobs on these nodes, as names or a hostlist
	Node string `json:"node,omitempty"`
	// Jobs that had not ended before
	StartTime string `json:"start_time,omitempty"`
	// Jobs that were submitted by then
	EndTime string `json:"end_time,omitempty"`
	// Channels as a comma list
	Channel string `json:"channel,omitempty"`
	// Replay the events after this number first
	Since *int `json:"since,omitempty"`
	// Send what matches now first
	Snapshot bool `json:"snapshot,omitempty"`
	// Nodes that have all of these features
	Features string `json:"features,omitempty"`
	// Only nodes that could start work (or not)
	Available *bool `json:"available,omitempty"`
	// Alerts of these rules, as a comma list
	Rule string `json:"rule,omitempty"`
	// Alerts that matter so: info, warning, critical
	Severity string `json:"severity,omitempty"`
	// Alerts about this
	Subject string `json:"subject,omitempty"`
	// Of other channels: ids of the resources
	ResourceID string `json:"resource_id,omitempty"`
	ctx        context.Context
}

// WithContext gives a copy that is called with the context.
func (o *EventSubscribeOptions) WithContext(ctx context.Context) *EventSubscribeOptions {
	made := EventSubscribeOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *EventSubscribeOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *EventSubscribeOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "state", o.State)
		set(values, "user", o.User)
		set(values, "partition", o.Partition)
		set(values, "account", o.Account)
		set(values, "qos", o.QOS)
		set(values, "job_name", o.JobName)
		set(values, "job_id", o.JobID)
		set(values, "node", o.Node)
		set(values, "start_time", o.StartTime)
		set(values, "end_time", o.EndTime)
		set(values, "channel", o.Channel)
		set(values, "since", o.Since)
		set(values, "snapshot", o.Snapshot)
		set(values, "features", o.Features)
		set(values, "available", o.Available)
		set(values, "rule", o.Rule)
		set(values, "severity", o.Severity)
		set(values, "subject", o.Subject)
		set(values, "resource_id", o.ResourceID)
	}
	return values
}

// WebhookCreateRequest: What Webhooks.Create is asked for.
type WebhookCreateRequest struct {
	URL string `json:"url"`
	// One to ten
	Subscriptions []WebhookSubscription `json:"subscriptions"`
	// For its owner to tell it from others
	Name string `json:"name,omitempty"`
	// Begin after this event; unset begins with the next
	Since *int `json:"since,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *WebhookCreateRequest) WithContext(ctx context.Context) *WebhookCreateRequest {
	made := WebhookCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *WebhookCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// WebhookListOptions: What Webhooks.List may be asked for; nil asks for nothing.
type WebhookListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// Webhooks of this user, for administrators
	User string `json:"user,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *WebhookListOptions) WithContext(ctx context.Context) *WebhookListOptions {
	made := WebhookListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *WebhookListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *WebhookListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "user", o.User)
	}
	return values
}

// WebhookUpdateRequest: What Webhooks.Update is asked for.
type WebhookUpdateRequest struct {
	// `active` begins again; what happened meanwhile is posted
	State         string                `json:"state,omitempty"`
	URL           string                `json:"url,omitempty"`
	Subscriptions []WebhookSubscription `json:"subscriptions,omitempty"`
	// For its owner to tell it from others
	Name string `json:"name,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *WebhookUpdateRequest) WithContext(ctx context.Context) *WebhookUpdateRequest {
	made := WebhookUpdateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *WebhookUpdateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// DeliverieListOptions: What Deliveries.List may be asked for; nil asks for nothing.
type DeliverieListOptions struct {
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	// pending, delivered, dead, as a comma list
	State string `json:"state,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *DeliverieListOptions) WithContext(ctx context.Context) *DeliverieListOptions {
	made := DeliverieListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *DeliverieListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *DeliverieListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
		set(values, "state", o.State)
	}
	return values
}

// ExportCreateOptions: What Exports.Create may be asked for; nil asks for nothing.
type ExportCreateOptions struct {
	// Answer when it is finished, after so many seconds at the latest
	Wait float64 `json:"wait,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ExportCreateOptions) WithContext(ctx context.Context) *ExportCreateOptions {
	made := ExportCreateOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ExportCreateOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ExportCreateOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "wait", o.Wait)
	}
	return values
}

// ExportCreateRequest: What Exports.Create is asked for.
type ExportCreateRequest struct {
	// What is in the rows; audit is for administrators
	Type string `json:"type"`
	// Of the file
	Format string `json:"format,omitempty"`
	// The filters of the list of that type, as texts or lists; of metrics span and interval
	Filter map[string]any `json:"filter,omitempty"`
	// Columns in their order; without it all. `runtime` is `elapsed_time`
	Fields  []string       `json:"fields,omitempty"`
	Options *ExportOptions `json:"options,omitempty"`
	ctx     context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ExportCreateRequest) WithContext(ctx context.Context) *ExportCreateRequest {
	made := ExportCreateRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ExportCreateRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

// ExportListOptions: What Exports.List may be asked for; nil asks for nothing.
type ExportListOptions struct {
	// processing, completed, failed, cancelled, as a comma list
	Status string `json:"status,omitempty"`
	// Exports of this user, for administrators
	User string `json:"user,omitempty"`
	// Maximum results
	Limit int `json:"limit,omitempty"`
	// Pagination offset
	Offset int `json:"offset,omitempty"`
	ctx    context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ExportListOptions) WithContext(ctx context.Context) *ExportListOptions {
	made := ExportListOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ExportListOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ExportListOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "status", o.Status)
		set(values, "user", o.User)
		set(values, "limit", o.Limit)
		set(values, "offset", o.Offset)
	}
	return values
}

// ExportGetOptions: What Exports.Get may be asked for; nil asks for nothing.
type ExportGetOptions struct {
	// Answer when it is finished, after so many seconds at the latest
	Wait float64 `json:"wait,omitempty"`
	ctx  context.Context
}

// WithContext gives a copy that is called with the context.
func (o *ExportGetOptions) WithContext(ctx context.Context) *ExportGetOptions {
	made := ExportGetOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *ExportGetOptions) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}

func (o *ExportGetOptions) values() url.Values {
	values := url.Values{}
	if o != nil {
		set(values, "wait", o.Wait)
	}
	return values
}

// AuthAccessTokenRequest: What Auth.AccessToken is asked for.
type AuthAccessTokenRequest struct {
	GrantType    string `json:"grant_type,omitempty"`
	ClientID     string `json:"client_id,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	// Separated by blanks; all of the client's by default
	Scope string `json:"scope,omitempty"`
	ctx   context.Context
}

// WithContext gives a copy that is called with the context.
func (o *AuthAccessTokenRequest) WithContext(ctx context.Context) *AuthAccessTokenRequest {
	made := AuthAccessTokenRequest{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

func (o *AuthAccessTokenRequest) context() context.Context {
	if o == nil {
		return nil
	}
	return o.ctx
}
