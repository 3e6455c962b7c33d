//go:build live

package s9s

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"
	"time"
)

// Over connections that break: the output of a job, and events from a number on to another one.
func TestBroken(t *testing.T) {
	policy := DefaultPolicy()
	policy.Pause = 50 * time.Millisecond
	client := NewClient(&Config{Policy: &policy})
	reader, err := client.Jobs.FollowOutput(os.Getenv("S9S_LIVE_JOB"), nil)
	if err != nil {
		t.Fatal(err)
	}
	output, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	since, _ := strconv.Atoi(os.Getenv("S9S_LIVE_SINCE"))
	until, _ := strconv.ParseInt(os.Getenv("S9S_LIVE_UNTIL"), 10, 64)
	var sequences []int64
	for event, err := range client.Events.Subscribe(&EventSubscribeOptions{Channel: "jobs", Since: &since}) {
		if err != nil {
			t.Fatal(err)
		}
		sequences = append(sequences, *event.Sequence)
		if *event.Sequence >= until {
			break
		}
	}
	told, err := json.Marshal(map[string]any{"output": string(output), "sequences": sequences})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\n%s\n", told)
}
