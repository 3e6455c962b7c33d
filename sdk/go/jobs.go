package s9s

import (
	"context"
	"fmt"
	"time"
)

// finished: states that a job does not leave by itself.
var finished = map[string]bool{
	"COMPLETED": true, "CANCELLED": true, "FAILED": true, "TIMEOUT": true, "NODE_FAIL": true, "PREEMPTED": true,
	"OUT_OF_MEMORY": true, "BOOT_FAIL": true, "DEADLINE": true,
}

// maxBulk: ids that the server takes in one request.
const maxBulk = 10_000

// WaitOptions says how to wait; nil waits for ever, with a look every second at first and every 15 s at last.
type WaitOptions struct {
	// Timeout is the time after which a *WaitTimeout is returned; 0 waits for ever.
	Timeout time.Duration
	// Interval between two looks at first (1 s); it grows by half each time, up to MaxInterval (15 s).
	Interval    time.Duration
	MaxInterval time.Duration
	ctx         context.Context
}

// WithContext gives a copy that waits with the context.
func (o *WaitOptions) WithContext(ctx context.Context) *WaitOptions {
	made := WaitOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

// Wait gives the job when it has ended, however it did: look at its State.
func (s *JobsService) Wait(jobID string, opts *WaitOptions) (*Job, error) {
	var job *Job
	err := s.client.wait(opts, func(c *Client) (done bool, state string, err error) {
		if job, err = c.Jobs.Get(jobID); err != nil {
			return false, "", err
		}
		return finished[job.State], fmt.Sprintf("Job %s is still %s", jobID, job.State), nil
	})
	return job, err
}

// wait looks until done; the state is what a *WaitTimeout says.
func (c *Client) wait(opts *WaitOptions, look func(*Client) (done bool, state string, err error)) error {
	wanted := WaitOptions{}
	if opts != nil {
		wanted = *opts
	}
	if wanted.ctx == nil {
		wanted.ctx = c.ctx
	}
	pause, longest := wanted.Interval, wanted.MaxInterval
	if pause == 0 {
		pause = time.Second
	}
	if longest == 0 {
		longest = 15 * time.Second
	}
	c = c.WithContext(wanted.ctx)
	deadline := c.http.now().Add(wanted.Timeout)
	for {
		done, state, err := look(c)
		if err != nil || done {
			return err
		}
		next := pause
		if wanted.Timeout > 0 {
			left := deadline.Sub(c.http.now())
			if left <= 0 {
				return &WaitTimeout{fmt.Sprintf("%s after %g s", state, wanted.Timeout.Seconds())}
			}
			next = min(next, left)
		}
		if err := c.http.sleep(wanted.ctx, next); err != nil {
			return err
		}
		pause = min(longest, pause+pause/2)
	}
}

// CancelMany cancels any number of jobs, each with its own result; options may be nil.
func (s *JobsService) CancelMany(jobIDs []string, options *BulkOptions) (*BulkAnswer, error) {
	return s.many("cancel", jobIDs, options)
}

// HoldMany holds any number of jobs, each with its own result; options may be nil.
func (s *JobsService) HoldMany(jobIDs []string, options *BulkOptions) (*BulkAnswer, error) {
	return s.many("hold", jobIDs, options)
}

// ReleaseMany releases any number of jobs, each with its own result.
func (s *JobsService) ReleaseMany(jobIDs []string) (*BulkAnswer, error) {
	return s.many("release", jobIDs, nil)
}

// RequeueMany requeues any number of jobs, each with its own result.
func (s *JobsService) RequeueMany(jobIDs []string) (*BulkAnswer, error) {
	return s.many("requeue", jobIDs, nil)
}

func (s *JobsService) many(action string, jobIDs []string, options *BulkOptions) (*BulkAnswer, error) {
	var whole *BulkAnswer
	for start := 0; start == 0 || start < len(jobIDs); start += maxBulk {
		ids := jobIDs[start:min(start+maxBulk, len(jobIDs))]
		part, err := s.Bulk(&JobBulkRequest{Action: action, JobIDs: ids, Options: options})
		if err != nil {
			return whole, err
		}
		if whole == nil {
			whole = part
			continue
		}
		whole.Results = append(whole.Results, part.Results...)
		whole.Summary.Total += part.Summary.Total
		whole.Summary.Successful += part.Summary.Successful
		whole.Summary.Failed += part.Summary.Failed
	}
	return whole, nil
}
