package s9s

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"context"
)

// The cases that the clients of all languages replay; tests/conformance/README.md says what stands in them.
type conformanceCase struct {
	Name   string         `json:"name"`
	Client map[string]any `json:"client"`
	Call   struct {
		Resource  string          `json:"resource"`
		Verb      string          `json:"verb"`
		Path      []string        `json:"path"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"call"`
	Exchanges []struct {
		Request struct {
			Method  string             `json:"method"`
			Path    string             `json:"path"`
			Query   map[string]string  `json:"query"`
			Headers map[string]*string `json:"headers"`
			Body    any                `json:"body"`
		} `json:"request"`
		Reply struct {
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    any               `json:"body"`
			Text    *string           `json:"text"`
			Fails   string            `json:"fails"`
		} `json:"reply"`
	} `json:"exchanges"`
	Value  any            `json:"value"`
	Error  map[string]any `json:"error"`
	Pauses []float64      `json:"pauses"`
}

type canned struct {
	t    *testing.T
	c    *conformanceCase
	next int
	keys []string
}

type timeoutError struct{}

func (timeoutError) Error() string { return "timed out" }
func (timeoutError) Timeout() bool { return true }

func (k *canned) RoundTrip(request *http.Request) (*http.Response, error) {
	if k.next >= len(k.c.Exchanges) {
		k.t.Errorf("one request too many: %s %s", request.Method, request.URL)
		return nil, errors.New("too many")
	}
	exchange := k.c.Exchanges[k.next]
	k.next++
	want := exchange.Request
	if request.Method != want.Method || request.URL.EscapedPath() != want.Path {
		k.t.Errorf("%s %s instead of %s %s", request.Method, request.URL.EscapedPath(), want.Method, want.Path)
	}
	query := map[string]string{}
	for name, values := range request.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	if want.Query == nil {
		want.Query = map[string]string{}
	}
	if !reflect.DeepEqual(query, want.Query) {
		k.t.Errorf("query %v instead of %v", query, want.Query)
	}
	for name, value := range want.Headers {
		got := request.Header.Get(name)
		switch {
		case value == nil && got != "", value != nil && *value == "*" && got == "",
			value != nil && *value != "*" && got != *value:
			k.t.Errorf("header %s is %q", name, got)
		}
	}
	k.keys = append(k.keys, request.Header.Get("Idempotency-Key"))
	content, _ := io.ReadAll(request.Body)
	var body any
	if len(content) > 0 {
		if err := json.Unmarshal(content, &body); err != nil {
			k.t.Errorf("the body is not JSON: %s", content)
		}
	}
	if !reflect.DeepEqual(body, want.Body) {
		k.t.Errorf("body %v instead of %v", body, want.Body)
	}
	switch exchange.Reply.Fails {
	case "timeout":
		return nil, timeoutError{}
	case "connection":
		return nil, errors.New("connection refused")
	}
	reply, _ := json.Marshal(exchange.Reply.Body)
	if exchange.Reply.Text != nil {
		reply = []byte(*exchange.Reply.Text)
	}
	headers := http.Header{"Content-Type": {"application/json"}}
	for name, value := range exchange.Reply.Headers {
		headers.Set(name, value)
	}
	return &http.Response{
		StatusCode: exchange.Reply.Status, Header: headers, Body: io.NopCloser(bytes.NewReader(reply)), Request: request,
	}, nil
}

func TestConformance(t *testing.T) {
	t.Setenv("S9S_API_URL", "")
	t.Setenv("S9S_API_TOKEN", "")
	directory := os.Getenv("S9S_CONFORMANCE")
	if directory == "" {
		directory = "../../tests/conformance"
	}
	paths, _ := filepath.Glob(filepath.Join(directory, "*.json"))
	if len(paths) == 0 {
		t.Skip("the cases are in the repository, not in the module")
	}
	for _, file := range paths {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []conformanceCase
		if err := json.Unmarshal(content, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for index := range cases {
			t.Run(cases[index].Name, func(t *testing.T) { replay(t, &cases[index]) })
		}
	}
}

func replay(t *testing.T, c *conformanceCase) {
	said := func(name, otherwise string) string {
		if value, ok := c.Client[name].(string); ok {
			return value
		}
		return otherwise
	}
	token := "secret"
	if c.Client["api_key"] != nil || c.Client["client_id"] != nil {
		token = ""
	}
	transport := &canned{t: t, c: c}
	policy := DefaultPolicy()
	policy.random = func() float64 { return 1 }
	client := NewClient(&Config{
		BaseURL: said("base_url", "https://api.example.com"), Token: said("token", token),
		APIKey: said("api_key", ""), ClientID: said("client_id", ""), ClientSecret: said("client_secret", ""),
		Scope: said("scope", ""), Policy: &policy, Transport: transport,
	})
	pauses := []float64{}
	now := time.Unix(1_700_000_000, 0)
	client.http.now = func() time.Time { return now }
	client.http.sleep = func(_ context.Context, pause time.Duration) error {
		pauses = append(pauses, pause.Seconds())
		now = now.Add(pause)
		return nil
	}
	named := c.Call.Resource + "." + c.Call.Verb
	does, ok := dispatch[named]
	if !ok {
		does, ok = handMade[named]
	}
	if !ok {
		t.Fatalf("there is no %s", named)
	}
	value, err := does(client, c.Call.Path, c.Call.Arguments)
	if transport.next != len(c.Exchanges) {
		t.Errorf("%d requests instead of %d", transport.next, len(c.Exchanges))
	}
	for _, key := range transport.keys {
		if key != transport.keys[0] && c.Client["client_id"] == nil {
			t.Errorf("a repetition has another key")
		}
	}
	if c.Pauses != nil && !reflect.DeepEqual(pauses, c.Pauses) {
		t.Errorf("pauses %v instead of %v", pauses, c.Pauses)
	}
	if c.Error != nil {
		checkError(t, err, c.Error)
		if c.Value == nil {
			return
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if content, ok := value.([]byte); ok {
		value = string(content)
	}
	encoded, _ := json.Marshal(value)
	var got any
	_ = json.Unmarshal(encoded, &got)
	if problem := differs(got, c.Value, "value"); problem != "" {
		t.Error(problem)
	}
}

func checkError(t *testing.T, err error, want map[string]any) {
	t.Helper()
	kind := want["kind"].(string)
	var answer *Error
	var transport *TransportError
	var wait *WaitTimeout
	var failed *WorkFailed
	var lost *ReplayUnavailable
	switch {
	case errors.As(err, &answer):
		for name, value := range map[string]any{
			"code": answer.Code, "message": answer.Message, "request_id": answer.RequestID,
			"status": float64(answer.Status), "retry_after": answer.RetryAfter,
		} {
			if expected, ok := want[name]; ok && !reflect.DeepEqual(value, expected) {
				t.Errorf("%s is %v instead of %v", name, value, expected)
			}
		}
		if details, ok := want["details"]; ok && differs(answer.Details, details, "details") != "" {
			t.Error(differs(answer.Details, details, "details"))
		}
		if sentinel := sentinels[kind]; sentinel == nil || !errors.Is(err, sentinel) {
			t.Errorf("%v is no %s", err, kind)
		}
		if id, ok := want["request_id"].(string); ok && !strings.Contains(err.Error(), id) {
			t.Errorf("%v does not name the request", err)
		}
	case errors.As(err, &transport):
		if (kind == "RequestTimeout") != transport.Timeout() || (kind != "RequestTimeout" && kind != "TransportError") {
			t.Errorf("%v is no %s", err, kind)
		}
		if !strings.Contains(err.Error(), "request sdk_") {
			t.Errorf("%v does not name the request", err)
		}
	case errors.As(err, &lost) && kind == "ReplayUnavailable", errors.As(err, &wait) && kind == "WaitTimeout", errors.As(err, &failed) && kind == "WorkFailed":
		if message, ok := want["message"].(string); ok && err.Error() != message {
			t.Errorf("%q instead of %q", err.Error(), message)
		}
	default:
		t.Errorf("%v is no %s", err, kind)
	}
}

var sentinels = map[string]error{
	"InvalidRequest": ErrInvalidRequest, "ValidationError": ErrValidationError,
	"AuthenticationFailed": ErrAuthenticationFailed, "PermissionDenied": ErrPermissionDenied,
	"ResourceNotFound": ErrResourceNotFound, "ResourceConflict": ErrResourceConflict,
	"RateLimitExceeded": ErrRateLimitExceeded, "SlurmError": ErrSlurmError,
	"SlurmUnavailable": ErrSlurmUnavailable, "InternalError": ErrInternalError,
}

// differs tells where a value lacks something of what is expected.
func differs(got, want any, where string) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v instead of %v", where, got, want)
		}
		for name, value := range want {
			if problem := differs(object[name], value, where+"."+name); problem != "" {
				return problem
			}
		}
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s is %v instead of %v", where, got, want)
		}
		for index, value := range want {
			if problem := differs(list[index], value, fmt.Sprintf("%s[%d]", where, index)); problem != "" {
				return problem
			}
		}
	default:
		if !reflect.DeepEqual(got, want) {
			return fmt.Sprintf("%s is %v instead of %v", where, got, want)
		}
	}
	return ""
}

func decode(arguments json.RawMessage, into any) error {
	if len(arguments) == 0 {
		return nil
	}
	return json.Unmarshal(arguments, into)
}

func keyIn(arguments json.RawMessage) string {
	var given struct {
		Key string `json:"idempotency_key"`
	}
	_ = decode(arguments, &given)
	return given.Key
}

func pageSizeIn(arguments json.RawMessage) int {
	var given struct {
		Size int `json:"page_size"`
	}
	_ = decode(arguments, &given)
	return given.Size
}

func collect[T any](rows iter.Seq2[T, error]) ([]T, error) {
	found := []T{}
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, nil
}

type helperArguments struct {
	Timeout float64  `json:"timeout"`
	Stream  string   `json:"stream"`
	Lines   *int     `json:"lines"`
	JobIDs  []string `json:"job_ids"`
	Force   bool     `json:"force"`
	Reason  string   `json:"reason"`
}

// handMade: what goes beyond single requests.
var handMade = map[string]caller{
	"jobs.wait": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.Wait(path[0], &WaitOptions{Timeout: time.Duration(given.Timeout * float64(time.Second))})
	},
	"jobs.follow_output": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		reader, err := c.Jobs.FollowOutput(path[0], &FollowOptions{Stream: given.Stream, Lines: given.Lines})
		if err != nil {
			return nil, err
		}
		defer reader.Close()
		content, err := io.ReadAll(reader)
		return string(content), err
	},
	"exports.wait": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Exports.Wait(path[0], &WaitOptions{Timeout: time.Duration(given.Timeout * float64(time.Second))})
	},
	"exports.save": func(c *Client, path []string, _ json.RawMessage) (any, error) {
		file := filepath.Join(os.TempDir(), fmt.Sprintf("s9s-conformance-%d", os.Getpid()))
		defer os.Remove(file)
		if _, err := c.Exports.Save(path[0], file); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(file)
		return content, err
	},
	"exports.run": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given ExportCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		file := filepath.Join(os.TempDir(), fmt.Sprintf("s9s-conformance-%d", os.Getpid()))
		defer os.Remove(file)
		return c.Exports.Run(file, &given, nil)
	},
	"reports.wait": func(c *Client, path []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Reports.Wait(path[0], &WaitOptions{Timeout: time.Duration(given.Timeout * float64(time.Second))})
	},
	"reports.save": func(c *Client, path []string, _ json.RawMessage) (any, error) {
		file := filepath.Join(os.TempDir(), fmt.Sprintf("s9s-conformance-%d", os.Getpid()))
		defer os.Remove(file)
		if _, err := c.Reports.Save(path[0], file); err != nil {
			return nil, err
		}
		content, err := os.ReadFile(file)
		return content, err
	},
	"reports.run": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given ReportCreateRequest
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		file := filepath.Join(os.TempDir(), fmt.Sprintf("s9s-conformance-%d", os.Getpid()))
		defer os.Remove(file)
		return c.Reports.Run(file, &given, nil)
	},
	"events.subscribe": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given EventSubscribeOptions
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		found := []Event{}
		for event, err := range c.Events.Subscribe(&given) {
			if err != nil {
				return found, err
			}
			found = append(found, event)
		}
		return found, nil
	},
	"jobs.cancel_many": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.CancelMany(given.JobIDs, &BulkOptions{Force: given.Force})
	},
	"jobs.hold_many": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		if err := decode(arguments, &given); err != nil {
			return nil, err
		}
		return c.Jobs.HoldMany(given.JobIDs, &BulkOptions{Reason: given.Reason})
	},
	"jobs.release_many": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		err := decode(arguments, &given)
		if err != nil {
			return nil, err
		}
		return c.Jobs.ReleaseMany(given.JobIDs)
	},
	"jobs.requeue_many": func(c *Client, _ []string, arguments json.RawMessage) (any, error) {
		var given helperArguments
		err := decode(arguments, &given)
		if err != nil {
			return nil, err
		}
		return c.Jobs.RequeueMany(given.JobIDs)
	},
}
