//go:build live

package s9s

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Against a real server: S9S_API_URL and S9S_API_TOKEN, and in S9S_LIVE_FOLDER room for files.
func TestLive(t *testing.T) {
	client := NewClient(nil)
	folder := os.Getenv("S9S_LIVE_FOLDER")
	name := fmt.Sprintf("live-go-%d", os.Getpid())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(got, want any) {
		t.Helper()
		if got != want {
			t.Fatalf("%v instead of %v", got, want)
		}
	}

	health, err := client.Server.Health()
	must(err)
	is(health.Status, "ok")
	me, err := client.Auth.WhoAmI()
	must(err)
	is(me.User, "alice")

	// Submit, wait, read the output; the same key is the same job.
	request := &JobSubmitRequest{
		JobName: name, Script: "#!/bin/sh\necho \"hello $GREETED\"\n",
		Environment: map[string]string{"GREETED": "from_go"}, WorkingDirectory: folder,
		StandardOutput: folder + "/%j.out", IdempotencyKey: name + "-1",
	}
	job, err := client.Jobs.Submit(request)
	must(err)
	again, err := client.Jobs.Submit(request)
	must(err)
	is(again.JobID, job.JobID)
	other := *request
	other.Nodes = 1
	_, err = client.Jobs.Submit(&other)
	is(errors.Is(err, ErrResourceConflict), true)
	ended, err := client.Jobs.Wait(job.JobID, &WaitOptions{Timeout: time.Minute, Interval: 200 * time.Millisecond})
	must(err)
	is(ended.State, "COMPLETED")
	is(*ended.ExitCode, 0)
	output, err := client.Jobs.Output(job.JobID, &JobOutputOptions{Lines: Ptr(5)})
	must(err)
	is(output.Content, "hello from_go\n")

	// Lists, page by page.
	count := 0
	for row, err := range client.Jobs.All(&JobListOptions{JobName: name, Limit: 1}) {
		must(err)
		is(row.JobID, job.JobID)
		count++
	}
	is(count, 1)
	nodes, err := client.Nodes.List(nil)
	must(err)
	is(len(nodes.Nodes) > 0, true)

	// Events and output, as they happen.
	text, liveID := "", ""
	script := "#!/bin/sh\nfor word in one two three; do echo $word; sleep 0.3; done\n"
	for event, err := range client.Events.Subscribe(&EventSubscribeOptions{JobName: name + "-live", Snapshot: true}) {
		must(err)
		if event.Action == "snapshot" {
			live, err := client.Jobs.Submit(&JobSubmitRequest{
				JobName: name + "-live", Script: script, WorkingDirectory: folder, StandardOutput: folder + "/%j.out",
			})
			must(err)
			liveID = live.JobID
			reader, err := client.Jobs.FollowOutput(liveID, nil)
			must(err)
			content, err := io.ReadAll(reader)
			must(err)
			must(reader.Close())
			text = string(content)
			continue
		}
		is(*event.ResourceID, liveID)
		var data struct {
			State string `json:"state"`
		}
		must(json.Unmarshal(event.Data, &data))
		if data.State == "COMPLETED" {
			break
		}
	}
	is(text, "one\ntwo\nthree\n")

	// A file of rows.
	file := folder + "/jobs-go.csv"
	wanted := &ExportCreateRequest{
		Type: "jobs", Format: "csv", Filter: map[string]any{"job_name": name + "-live"}, Fields: []string{"job_id", "state"},
	}
	done, err := client.Exports.Run(file, wanted, &WaitOptions{Timeout: time.Minute})
	must(err)
	rows, err := os.ReadFile(file)
	must(err)
	is(strings.Join(strings.Fields(string(rows)), " "), "job_id,state "+liveID+",COMPLETED")
	is(*done.FileSize, len(rows))

	// Changes, one at a time and many.
	held, err := client.Jobs.Submit(&JobSubmitRequest{
		JobName: name, Script: "sleep 600", Hold: Ptr(true), WorkingDirectory: folder,
	})
	must(err)
	_, err = client.Jobs.Hold(held.JobID, &JobHoldRequest{Reason: "live"})
	must(err)
	seen, err := client.Jobs.Get(held.JobID)
	must(err)
	is(*seen.HoldReason, "live")
	var late *WaitTimeout
	_, err = client.Jobs.Wait(held.JobID, &WaitOptions{Timeout: 500 * time.Millisecond, Interval: 200 * time.Millisecond})
	is(errors.As(err, &late), true)
	many, err := client.Jobs.CancelMany([]string{held.JobID, job.JobID}, &BulkOptions{Force: true})
	must(err)
	is(many.Results[0].Status, "success")
	is(many.Results[1].Status, "error")
	gone, err := client.Jobs.Wait(held.JobID, &WaitOptions{Timeout: time.Minute, Interval: 200 * time.Millisecond})
	must(err)
	is(gone.State, "CANCELLED")

	// Errors.
	_, err = client.Jobs.Get("99999999")
	is(errors.Is(err, ErrResourceNotFound), true)
	is(IsError(err, CodeResourceNotFound), true)
	said := regexp.MustCompile(`Job 99999999 not found \(RESOURCE_NOT_FOUND, request sdk_[0-9a-f]+\)`)
	is(said.MatchString(err.Error()), true)
	_, err = client.Jobs.List(&JobListOptions{Limit: -1})
	is(errors.Is(err, ErrValidationError), true)
}
