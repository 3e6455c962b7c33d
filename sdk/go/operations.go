// Code generated from docs/openapi.yaml by `make sdk`. DO NOT EDIT.

package s9s

import (
	"context"
	"iter"
)

// JobsService: List, submit, look up and change jobs.
type JobsService struct{ client *Client }

// List: Live jobs and finished ones, newest first.
//
// Filters take comma lists and combine. The answer comes from a snapshot that is refreshed every
// second or two; what the caller has changed is always in it.
func (s *JobsService) List(opts *JobListOptions) (*JobList, error) {
	out := JobList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/jobs", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *JobsService) All(opts *JobListOptions) iter.Seq2[JobSummary, error] {
	return func(yield func(JobSummary, error) bool) {
		page := JobListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none JobSummary
				yield(none, err)
				return
			}
			for _, row := range got.Jobs {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Jobs)
			if !got.HasMore || len(got.Jobs) == 0 {
				return
			}
		}
	}
}

// Submit: Submit a batch job as the caller's own Slurm user.
//
// What Slurm accepts but will never start is answered with `warnings` that say why.
//
// With an `Idempotency-Key` the same request can be sent again and again, and submits one job: later
// ones get the first one's answer, with `Idempotent-Replayed: true`, whatever happened to the
// connection or the server in between. 409 when the key was used for another request, or when the
// server was ended while it submitted and cannot tell whether Slurm took the job. A refused request
// leaves its key unused.
func (s *JobsService) Submit(request *JobSubmitRequest) (*SubmittedJob, error) {
	if request == nil {
		request = &JobSubmitRequest{}
	}
	out := SubmittedJob{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/jobs", body: request, isRepeatable: true, key: keyOf(request.IdempotencyKey)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Get: One job, live or finished; environment and command for its owner and administrators only.
func (s *JobsService) Get(jobID string) (*Job, error) {
	out := Job{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/jobs/{}", jobID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Cancel: Cancel as `scancel` does. Any signal but SIGTERM is only delivered; `force` kills at once.
func (s *JobsService) Cancel(jobID string, opts *JobCancelOptions) (*JobAnswer, error) {
	out := JobAnswer{}
	if err := s.client.call(opts.context(), call{method: "DELETE", path: path("/v1/jobs/{}", jobID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Bulk: One action on up to 10,000 jobs; each has a result of its own, and a failure never stops the
// rest.
func (s *JobsService) Bulk(request *JobBulkRequest) (*BulkAnswer, error) {
	if request == nil {
		request = &JobBulkRequest{}
	}
	out := BulkAnswer{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/jobs/bulk", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Hold: Keep a pending job from starting. The reason is shown with the job as `hold_reason`.
func (s *JobsService) Hold(jobID string, request *JobHoldRequest) (*JobAnswer, error) {
	if request == nil {
		request = &JobHoldRequest{}
	}
	out := JobAnswer{}
	if err := s.client.call(request.context(), call{method: "PUT", path: path("/v1/jobs/{}/hold", jobID), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Release: Let a held job start again.
func (s *JobsService) Release(jobID string) (*JobAnswer, error) {
	out := JobAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "PUT", path: path("/v1/jobs/{}/release", jobID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// SetPriority: Set the priority of a job; Slurm lets only operators and administrators raise it.
func (s *JobsService) SetPriority(jobID string, request *JobSetPriorityRequest) (*JobAnswer, error) {
	if request == nil {
		request = &JobSetPriorityRequest{}
	}
	out := JobAnswer{}
	if err := s.client.call(request.context(), call{method: "PUT", path: path("/v1/jobs/{}/priority", jobID), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Requeue: Put a running or finished job back into the queue.
func (s *JobsService) Requeue(jobID string) (*JobAnswer, error) {
	out := JobAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "PUT", path: path("/v1/jobs/{}/requeue", jobID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Suspend: Stop the processes of a running job; Slurm allows it to operators and administrators.
func (s *JobsService) Suspend(jobID string) (*JobAnswer, error) {
	out := JobAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "PUT", path: path("/v1/jobs/{}/suspend", jobID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Resume: Continue a suspended job.
func (s *JobsService) Resume(jobID string) (*JobAnswer, error) {
	out := JobAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "PUT", path: path("/v1/jobs/{}/resume", jobID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Output: A part of the standard output file; `Accept: text/plain` gives the bytes themselves.
//
// With `follow=true` the bytes come as they are written, until the job has ended; a file that is not
// there yet is waited for. As a WebSocket the same path sends them as messages, and with `Accept:
// text/event-stream` as Server-Sent Events: whoever was cut off names the last one's id as `Last-
// Event-ID` and goes on there.
func (s *JobsService) Output(jobID string, opts *JobOutputOptions) (*JobOutput, error) {
	out := JobOutput{}
	if err := s.client.call(opts.context(), call{method: "GET", path: path("/v1/jobs/{}/output", jobID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Error: A part of the standard error file; `Accept: text/plain` gives the bytes themselves.
//
// `follow=true` is as for the output.
func (s *JobsService) Error(jobID string, opts *JobErrorOptions) (*JobOutput, error) {
	out := JobOutput{}
	if err := s.client.call(opts.context(), call{method: "GET", path: path("/v1/jobs/{}/error", jobID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// NodesService: List nodes and change their state.
type NodesService struct{ client *Client }

// List: Nodes with what is allocated on them and the jobs that the caller may see.
func (s *NodesService) List(opts *NodeListOptions) (*NodeList, error) {
	out := NodeList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/nodes", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *NodesService) All(opts *NodeListOptions) iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		page := NodeListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Node
				yield(none, err)
				return
			}
			for _, row := range got.Nodes {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Nodes)
			if !got.HasMore || len(got.Nodes) == 0 {
				return
			}
		}
	}
}

// Get: One node.
func (s *NodesService) Get(nodeName string) (*Node, error) {
	out := Node{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/nodes/{}", nodeName)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Drain: Let no more jobs start on a node; those that run go on. After `timeout` it is resumed by
// itself.
func (s *NodesService) Drain(nodeName string, request *NodeDrainRequest) (*NodeAnswer, error) {
	if request == nil {
		request = &NodeDrainRequest{}
	}
	out := NodeAnswer{}
	if err := s.client.call(request.context(), call{method: "PUT", path: path("/v1/nodes/{}/drain", nodeName), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Resume: Put a drained, failing or down node back to work.
func (s *NodesService) Resume(nodeName string) (*NodeAnswer, error) {
	out := NodeAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "PUT", path: path("/v1/nodes/{}/resume", nodeName), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// SetState: Set a node's state. DOWN ends the jobs on it; DOWN, DRAIN and FAIL need a reason.
func (s *NodesService) SetState(nodeName string, request *NodeSetStateRequest) (*NodeAnswer, error) {
	if request == nil {
		request = &NodeSetStateRequest{}
	}
	out := NodeAnswer{}
	if err := s.client.call(request.context(), call{method: "PUT", path: path("/v1/nodes/{}/state", nodeName), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// UsersService: Slurm's users and their associations.
type UsersService struct{ client *Client }

// List: Slurm's users with their associations and the numbers of their jobs.
func (s *UsersService) List(opts *UserListOptions) (*UserList, error) {
	out := UserList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/users", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *UsersService) All(opts *UserListOptions) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		page := UserListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none User
				yield(none, err)
				return
			}
			for _, row := range got.Users {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Users)
			if !got.HasMore || len(got.Users) == 0 {
				return
			}
		}
	}
}

// Get: One user.
func (s *UsersService) Get(username string) (*User, error) {
	out := User{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/users/{}", username)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// PartitionsService: Partitions and what is free in them.
type PartitionsService struct{ client *Client }

// List: Partitions with their limits and what is free in them.
func (s *PartitionsService) List(opts *PartitionListOptions) (*PartitionList, error) {
	out := PartitionList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/partitions", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *PartitionsService) All(opts *PartitionListOptions) iter.Seq2[Partition, error] {
	return func(yield func(Partition, error) bool) {
		page := PartitionListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Partition
				yield(none, err)
				return
			}
			for _, row := range got.Partitions {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Partitions)
			if !got.HasMore || len(got.Partitions) == 0 {
				return
			}
		}
	}
}

// Get: One partition.
func (s *PartitionsService) Get(name string) (*Partition, error) {
	out := Partition{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/partitions/{}", name)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// MetricsService: How busy the cluster is and was, and how well jobs use it.
type MetricsService struct{ client *Client }

// Cluster: How busy the cluster is now: use of its resources, jobs and nodes by state, waits and
// throughput.
func (s *MetricsService) Cluster() (*ClusterMetrics, error) {
	out := ClusterMetrics{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/metrics/cluster"}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Performance: The cluster's, or a partition's, utilization, submissions, completions and waits over
// time.
//
// One entry for every interval that overlaps the span, also for those in which nobody saw the cluster:
// those are null. By default the last 24 hours by the hour.
func (s *MetricsService) Performance(opts *MetricPerformanceOptions) (*Performance, error) {
	out := Performance{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/metrics/performance", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Efficiency: How well jobs used CPUs, memory and GPUs, what they wasted, and what to ask for instead.
//
// One entry for each job, or sums by user, account, partition or kind of job, the most wasteful first.
// Efficiencies are those of `seff`; what nobody has measured is null. Jobs that never ran are left
// out. Finished jobs, and with `state=RUNNING` (also beside others) those that run, as of now.
func (s *MetricsService) Efficiency(opts *MetricEfficiencyOptions) (*EfficiencyList, error) {
	out := EfficiencyList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/metrics/efficiency", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *MetricsService) All(opts *MetricEfficiencyOptions) iter.Seq2[EfficiencyEntry, error] {
	return func(yield func(EfficiencyEntry, error) bool) {
		page := MetricEfficiencyOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.Efficiency(&page)
			if err != nil {
				var none EfficiencyEntry
				yield(none, err)
				return
			}
			for _, row := range got.Efficiency {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Efficiency)
			if !got.HasMore || len(got.Efficiency) == 0 {
				return
			}
		}
	}
}

// Scrape: The cluster and the server itself in Prometheus' text format, for who may see the whole
// cluster.
//
// Needs no credential from the networks that the server's administrator has opened it to.
func (s *MetricsService) Scrape() (string, error) {
	out := ""
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/metrics"}, &out); err != nil {
		return "", err
	}
	return out, nil
}

// SearchService: Find jobs, nodes and users by words.
type SearchService struct{ client *Client }

// Query: Jobs (live and finished), nodes, users, partitions, accounts, QOS, reservations in one ranked
// answer.
//
// Every word counts, wherever it stands: in a name, a user, an account, a partition, a state, a
// feature. Beginnings of words are found, and so are misspelled ones where nothing is spelled like
// that. Exact ids and names come first.
func (s *SearchService) Query(opts *SearchQueryOptions) (*SearchResults, error) {
	out := SearchResults{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/search", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *SearchService) All(opts *SearchQueryOptions) iter.Seq2[SearchResult, error] {
	return func(yield func(SearchResult, error) bool) {
		page := SearchQueryOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.Query(&page)
			if err != nil {
				var none SearchResult
				yield(none, err)
				return
			}
			for _, row := range got.Results {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Results)
			if !got.HasMore || len(got.Results) == 0 {
				return
			}
		}
	}
}

// ReportsService: Reports on how a cluster is used.
type ReportsService struct{ client *Client }

// Create: Have a report made of what the caller may see now.
//
// It is made in the background and kept for a month; `wait` answers as soon as it is there. A
// utilization report takes `metrics:read` too, all others `jobs:read`.
func (s *ReportsService) Create(request *ReportCreateRequest, opts *ReportCreateOptions) (*Report, error) {
	if request == nil {
		request = &ReportCreateRequest{}
	}
	out := Report{}
	if err := s.client.call(either(request.context(), opts.context()), call{method: "POST", path: "/v1/reports", query: opts.values(), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// List: The caller's reports, the newest first; administrators see everybody's.
func (s *ReportsService) List(opts *ReportListOptions) (*ReportList, error) {
	out := ReportList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/reports", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *ReportsService) All(opts *ReportListOptions) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		page := ReportListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Report
				yield(none, err)
				return
			}
			for _, row := range got.Reports {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Reports)
			if !got.HasMore || len(got.Reports) == 0 {
				return
			}
		}
	}
}

// Get: How far it is; `wait` answers as soon as it is finished.
func (s *ReportsService) Get(reportID string, opts *ReportGetOptions) (*Report, error) {
	out := Report{}
	if err := s.client.call(opts.context(), call{method: "GET", path: path("/v1/reports/{}", reportID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Delete: Cancel a report that is being made; delete one that is finished, with its file.
func (s *ReportsService) Delete(reportID string) (*ReportAnswer, error) {
	out := ReportAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/reports/{}", reportID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Download: The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`.
func (s *ReportsService) Download(reportID string) ([]byte, error) {
	out := []byte(nil)
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/reports/{}/download", reportID)}, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// SchedulesService: Reports that are made again and again.
type SchedulesService struct{ client *Client }

// Create: Have a report made, and delivered, whenever a cron expression is due.
//
// Each report is of what the caller may see at that time. What is missed while no server runs is made
// up once.
func (s *SchedulesService) Create(request *ScheduleCreateRequest) (*Schedule, error) {
	if request == nil {
		request = &ScheduleCreateRequest{}
	}
	out := Schedule{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/reports/schedules", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// List: The caller's schedules, the newest first; administrators see everybody's.
func (s *SchedulesService) List(opts *ScheduleListOptions) (*ScheduleList, error) {
	out := ScheduleList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/reports/schedules", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *SchedulesService) All(opts *ScheduleListOptions) iter.Seq2[Schedule, error] {
	return func(yield func(Schedule, error) bool) {
		page := ScheduleListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Schedule
				yield(none, err)
				return
			}
			for _, row := range got.Schedules {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Schedules)
			if !got.HasMore || len(got.Schedules) == 0 {
				return
			}
		}
	}
}

// Get: When it is due next, and what became of its last report.
func (s *SchedulesService) Get(scheduleID string) (*Schedule, error) {
	out := Schedule{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/reports/schedules/{}", scheduleID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Update: Pause (`"enabled": false`), resume or change a schedule.
//
// Who changes what it makes, or resumes it, is from then on the one whose rights it has.
// Administrators may pause the schedules of others. What was due during a pause is not made up.
func (s *SchedulesService) Update(scheduleID string, request *ScheduleUpdateRequest) (*Schedule, error) {
	if request == nil {
		request = &ScheduleUpdateRequest{}
	}
	out := Schedule{}
	if err := s.client.call(request.context(), call{method: "PATCH", path: path("/v1/reports/schedules/{}", scheduleID), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Delete: Make no more of its reports; those that were made stay.
func (s *SchedulesService) Delete(scheduleID string) (*ScheduleAnswer, error) {
	out := ScheduleAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/reports/schedules/{}", scheduleID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// AuthService: Who the caller is, and logging in.
type AuthService struct{ client *Client }

// Login: Give a user a personal token for a few hours; 404 where logins are not set up.
func (s *AuthService) Login(request *AuthLoginRequest) (*NewToken, error) {
	if request == nil {
		request = &AuthLoginRequest{}
	}
	out := NewToken{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/login", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// WhoAmI: The caller's user and role, and all that the credential is good for.
func (s *AuthService) WhoAmI() (*WhoAmI, error) {
	out := WhoAmI{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/whoami"}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// AccessToken: Give a client an access token (OAuth 2.0, grant `client_credentials`).
//
// The body is JSON or a form. Errors are those of RFC 6749.
func (s *AuthService) AccessToken(request *AuthAccessTokenRequest) (*AccessToken, error) {
	if request == nil {
		request = &AuthAccessTokenRequest{}
	}
	out := AccessToken{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/oauth/token", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// TokensService: The caller's own credentials.
type TokensService struct{ client *Client }

// List: The caller's own credentials, everybody's for an administrator; never their secrets.
func (s *TokensService) List(opts *TokenListOptions) (*TokenList, error) {
	out := TokenList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/tokens", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *TokensService) All(opts *TokenListOptions) iter.Seq2[Token, error] {
	return func(yield func(Token, error) bool) {
		page := TokenListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Token
				yield(none, err)
				return
			}
			for _, row := range got.Tokens {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Tokens)
			if !got.HasMore || len(got.Tokens) == 0 {
				return
			}
		}
	}
}

// Create: Make a token or an API key for the caller's own user. Its secret is in this answer and
// nowhere else.
//
// It can be narrower than the credential that the request is made with, never wider, and lives no
// longer.
func (s *TokensService) Create(request *TokenCreateRequest) (*NewToken, error) {
	if request == nil {
		request = &TokenCreateRequest{}
	}
	out := NewToken{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/tokens", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Get: One credential, without its secret.
func (s *TokensService) Get(tokenID string) (*Token, error) {
	out := Token{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/tokens/{}", tokenID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Revoke: Make one's own credential invalid for good, anyone's for an administrator; at once.
func (s *TokensService) Revoke(tokenID string) (*Token, error) {
	out := Token{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/tokens/{}", tokenID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// AlertsService: What is wrong, by the rules that are configured.
type AlertsService struct{ client *Client }

// List: What is or was wrong.
//
// With the cluster, for everybody; with nodes, for those who may see them; with jobs, for their owners
// and operators.
func (s *AlertsService) List(opts *AlertListOptions) (*AlertList, error) {
	out := AlertList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/alerts", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *AlertsService) All(opts *AlertListOptions) iter.Seq2[Alert, error] {
	return func(yield func(Alert, error) bool) {
		page := AlertListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Alert
				yield(none, err)
				return
			}
			for _, row := range got.Alerts {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Alerts)
			if !got.HasMore || len(got.Alerts) == 0 {
				return
			}
		}
	}
}

// Get: One alert.
func (s *AlertsService) Get(alertID string) (*Alert, error) {
	out := Alert{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/alerts/{}", alertID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Acknowledge: Say that somebody sees to it; for operators, and for the owner of the job that it is
// about.
func (s *AlertsService) Acknowledge(alertID string, request *AlertAcknowledgeRequest) (*Alert, error) {
	if request == nil {
		request = &AlertAcknowledgeRequest{}
	}
	out := Alert{}
	if err := s.client.call(request.context(), call{method: "PUT", path: path("/v1/alerts/{}/acknowledge", alertID), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// SilencesService: Alerts that nobody wants to hear of for a while.
type SilencesService struct{ client *Client }

// List: What nobody is told of at the moment; for operators.
func (s *SilencesService) List(opts *SilenceListOptions) (*SilenceList, error) {
	out := SilenceList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/silences", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *SilencesService) All(opts *SilenceListOptions) iter.Seq2[Silence, error] {
	return func(yield func(Silence, error) bool) {
		page := SilenceListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Silence
				yield(none, err)
				return
			}
			for _, row := range got.Silences {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Silences)
			if !got.HasMore || len(got.Silences) == 0 {
				return
			}
		}
	}
}

// Create: Have nobody told of some alerts for a while, as during maintenance; they are listed all the
// same.
//
// For operators.
func (s *SilencesService) Create(request *SilenceCreateRequest) (*Silence, error) {
	if request == nil {
		request = &SilenceCreateRequest{}
	}
	out := Silence{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/silences", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// End: Have alerts told of again; for operators.
func (s *SilencesService) End(silenceID string) (*Silence, error) {
	out := Silence{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/silences/{}", silenceID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// AuditService: What was done by whom, for administrators.
type AuditService struct{ client *Client }

// List: What was done by whom, newest first: every write, failed login, change of a credential and
// refusal.
//
// For administrators. `s9s audit verify` tells whether the log is as it was written.
func (s *AuditService) List(opts *AuditListOptions) (*AuditList, error) {
	out := AuditList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/audit", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *AuditService) All(opts *AuditListOptions) iter.Seq2[Audit, error] {
	return func(yield func(Audit, error) bool) {
		page := AuditListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Audit
				yield(none, err)
				return
			}
			for _, row := range got.Records {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Records)
			if !got.HasMore || len(got.Records) == 0 {
				return
			}
		}
	}
}

// EventsService: Changes as they happen.
type EventsService struct{ client *Client }

// Ticket: A ticket for one connection to `/v1/ws?ticket=...` within a minute, for browsers.
//
// Their WebSockets cannot send a header, and a long-lived secret has no place in a URL.
func (s *EventsService) Ticket() (*WebSocketTicket, error) {
	out := WebSocketTicket{}
	if err := s.client.call(context.Context(nil), call{method: "POST", path: "/v1/ws/ticket", body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ServerService: How the server and its clusters are.
type ServerService struct{ client *Client }

// AsyncAPIJSON: What goes over WebSockets and event streams, as AsyncAPI 3.
func (s *ServerService) AsyncAPIJSON() (map[string]any, error) {
	out := map[string]any{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/asyncapi.json"}, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// AsyncAPIYAML: What goes over WebSockets and event streams, as AsyncAPI 3.
func (s *ServerService) AsyncAPIYAML() (string, error) {
	out := ""
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/asyncapi.yaml"}, &out); err != nil {
		return "", err
	}
	return out, nil
}

// Status: Version, uptime, the clusters with the routes in use and the age of their data, and who
// asks.
func (s *ServerService) Status() (*Status, error) {
	out := Status{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/status"}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// OpenAPIJSON: This document.
func (s *ServerService) OpenAPIJSON() (map[string]any, error) {
	out := map[string]any{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/openapi.json"}, &out); err != nil {
		return nil, err
	}
	return out, nil
}

// OpenAPIYAML: This document.
func (s *ServerService) OpenAPIYAML() (string, error) {
	out := ""
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/v1/openapi.yaml"}, &out); err != nil {
		return "", err
	}
	return out, nil
}

// Health: Whether the process is alive; needs no credentials and tells nothing else.
func (s *ServerService) Health() (*Alive, error) {
	out := Alive{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/healthz"}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Ready: Whether the snapshot is loaded and the database is reachable; 503 until then.
func (s *ServerService) Ready() (*Alive, error) {
	out := Alive{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: "/readyz"}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// WebhooksService: Events that are posted to other servers.
type WebhooksService struct{ client *Client }

// Create: Have events posted to another server, signed, in order, and again until they have arrived.
//
// The same events as of `/v1/events`, for as long as the credential lasts that this is made with. Only
// targets that the site allows are posted to. The answer has the secret, this once.
func (s *WebhooksService) Create(request *WebhookCreateRequest) (*Webhook, error) {
	if request == nil {
		request = &WebhookCreateRequest{}
	}
	out := Webhook{}
	if err := s.client.call(request.context(), call{method: "POST", path: "/v1/webhooks", body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// List: The caller's, the newest first; administrators see everybody's.
func (s *WebhooksService) List(opts *WebhookListOptions) (*WebhookList, error) {
	out := WebhookList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/webhooks", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *WebhooksService) All(opts *WebhookListOptions) iter.Seq2[Webhook, error] {
	return func(yield func(Webhook, error) bool) {
		page := WebhookListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Webhook
				yield(none, err)
				return
			}
			for _, row := range got.Webhooks {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Webhooks)
			if !got.HasMore || len(got.Webhooks) == 0 {
				return
			}
		}
	}
}

// Get: How it is, and how far.
func (s *WebhooksService) Get(webhookID string) (*Webhook, error) {
	out := Webhook{}
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/webhooks/{}", webhookID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Update: Change what is given.
//
// A webhook that is made active again, or gets another target or other subscriptions, acts with the
// credential of this request from then on. Administrators may pause those of others.
func (s *WebhooksService) Update(webhookID string, request *WebhookUpdateRequest) (*Webhook, error) {
	if request == nil {
		request = &WebhookUpdateRequest{}
	}
	out := Webhook{}
	if err := s.client.call(request.context(), call{method: "PATCH", path: path("/v1/webhooks/{}", webhookID), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Delete: Post nothing more, and forget what was delivered.
func (s *WebhooksService) Delete(webhookID string) (*WebhookAnswer, error) {
	out := WebhookAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/webhooks/{}", webhookID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Test: Post something of the type `test` now, once, and say whether it arrived.
func (s *WebhooksService) Test(webhookID string) (*DeliveryEntry, error) {
	out := DeliveryEntry{}
	if err := s.client.call(context.Context(nil), call{method: "POST", path: path("/v1/webhooks/{}/test", webhookID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// DeliveriesService: What webhooks have posted.
type DeliveriesService struct{ client *Client }

// List: What was posted lately, the newest first: a hundred that arrived, and a hundred that were
// given up.
func (s *DeliveriesService) List(webhookID string, opts *DeliverieListOptions) (*DeliveryList, error) {
	out := DeliveryList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: path("/v1/webhooks/{}/deliveries", webhookID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *DeliveriesService) All(webhookID string, opts *DeliverieListOptions) iter.Seq2[DeliveryEntry, error] {
	return func(yield func(DeliveryEntry, error) bool) {
		page := DeliverieListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(webhookID, &page)
			if err != nil {
				var none DeliveryEntry
				yield(none, err)
				return
			}
			for _, row := range got.Deliveries {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Deliveries)
			if !got.HasMore || len(got.Deliveries) == 0 {
				return
			}
		}
	}
}

// Redeliver: Post a delivery in the state `dead` once more, now, and say whether it arrived.
func (s *DeliveriesService) Redeliver(webhookID string, deliveryID string) (*DeliveryEntry, error) {
	out := DeliveryEntry{}
	if err := s.client.call(context.Context(nil), call{method: "POST", path: path("/v1/webhooks/{}/deliveries/{}/redeliver", webhookID, deliveryID), body: struct{}{}}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// ExportsService: Rows as files.
type ExportsService struct{ client *Client }

// Create: Have rows written to a file: exactly those that the caller may see now.
//
// Takes the scope of the list (`jobs:read` for jobs). The file is made in the background and kept for
// a day; `wait` answers as soon as it is there.
func (s *ExportsService) Create(request *ExportCreateRequest, opts *ExportCreateOptions) (*Export, error) {
	if request == nil {
		request = &ExportCreateRequest{}
	}
	out := Export{}
	if err := s.client.call(either(request.context(), opts.context()), call{method: "POST", path: "/v1/export", query: opts.values(), body: request}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// List: The caller's exports, the newest first; administrators see everybody's.
func (s *ExportsService) List(opts *ExportListOptions) (*ExportList, error) {
	out := ExportList{}
	if err := s.client.call(opts.context(), call{method: "GET", path: "/v1/exports", query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// All gives every row of all pages of List, in its order; a page is fetched when it is due.
// Its size is the Limit of opts, 500 by default.
func (s *ExportsService) All(opts *ExportListOptions) iter.Seq2[Export, error] {
	return func(yield func(Export, error) bool) {
		page := ExportListOptions{}
		if opts != nil {
			page = *opts
		}
		if page.Limit == 0 {
			page.Limit = 500
		}
		for {
			got, err := s.List(&page)
			if err != nil {
				var none Export
				yield(none, err)
				return
			}
			for _, row := range got.Exports {
				if !yield(row, nil) {
					return
				}
			}
			page.Offset += len(got.Exports)
			if !got.HasMore || len(got.Exports) == 0 {
				return
			}
		}
	}
}

// Get: How far it is; `wait` answers as soon as it is finished.
func (s *ExportsService) Get(exportID string, opts *ExportGetOptions) (*Export, error) {
	out := Export{}
	if err := s.client.call(opts.context(), call{method: "GET", path: path("/v1/exports/{}", exportID), query: opts.values()}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Delete: Cancel an export that is being made; delete one that is finished, with its file.
func (s *ExportsService) Delete(exportID string) (*ExportAnswer, error) {
	out := ExportAnswer{}
	if err := s.client.call(context.Context(nil), call{method: "DELETE", path: path("/v1/exports/{}", exportID)}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

// Download: The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`.
func (s *ExportsService) Download(exportID string) ([]byte, error) {
	out := []byte(nil)
	if err := s.client.call(context.Context(nil), call{method: "GET", path: path("/v1/exports/{}/download", exportID)}, &out); err != nil {
		return nil, err
	}
	return out, nil
}

type services struct {
	Jobs       *JobsService
	Nodes      *NodesService
	Users      *UsersService
	Partitions *PartitionsService
	Metrics    *MetricsService
	Search     *SearchService
	Reports    *ReportsService
	Schedules  *SchedulesService
	Auth       *AuthService
	Tokens     *TokensService
	Alerts     *AlertsService
	Silences   *SilencesService
	Audit      *AuditService
	Events     *EventsService
	Server     *ServerService
	Webhooks   *WebhooksService
	Deliveries *DeliveriesService
	Exports    *ExportsService
}

func (c *Client) connect() {
	c.Jobs = &JobsService{c}
	c.Nodes = &NodesService{c}
	c.Users = &UsersService{c}
	c.Partitions = &PartitionsService{c}
	c.Metrics = &MetricsService{c}
	c.Search = &SearchService{c}
	c.Reports = &ReportsService{c}
	c.Schedules = &SchedulesService{c}
	c.Auth = &AuthService{c}
	c.Tokens = &TokensService{c}
	c.Alerts = &AlertsService{c}
	c.Silences = &SilencesService{c}
	c.Audit = &AuditService{c}
	c.Events = &EventsService{c}
	c.Server = &ServerService{c}
	c.Webhooks = &WebhooksService{c}
	c.Deliveries = &DeliveriesService{c}
	c.Exports = &ExportsService{c}
}
