package s9s

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// transport is one server, one credential, one pool of connections.
type transport struct {
	config     Config
	policy     Policy
	base, root string
	tls        *tls.Config
	client     *http.Client
	err        error
	sleep      func(context.Context, time.Duration) error
	now        func() time.Time

	mutex       sync.Mutex
	accessToken string
	renewAt     time.Time
}

// call is one request of the API.
type call struct {
	method, path string
	query        url.Values
	body         any
	headers      map[string]string
	key          string
	isRepeatable bool
	isStream     bool
	// isOnce: not even a read is repeated.
	isOnce bool
}

// call sends, and decodes the answer into out: a *string, a *[]byte, or anything that JSON fits.
func (c *Client) call(ctx context.Context, request call, out any) error {
	if ctx == nil {
		ctx = c.ctx
	}
	response, requestID, err := c.http.send(ctx, request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return failure(err, request, requestID)
	}
	switch out := out.(type) {
	case *string:
		*out = string(content)
	case *[]byte:
		*out = content
	default:
		if err := json.Unmarshal(content, out); err != nil {
			message := fmt.Sprintf("%s %s: the answer is not what it should be: %v", request.method, request.path, err)
			return &TransportError{Message: message, RequestID: requestID, Err: err}
		}
	}
	return nil
}

// send gives the answer, after as many attempts as the policy allows.
func (t *transport) send(ctx context.Context, request call) (*http.Response, string, error) {
	if t.err != nil {
		return nil, "", t.err
	}
	requestID := "sdk_" + randomHex(8)
	var body []byte
	if request.body != nil {
		var err error
		if body, err = json.Marshal(request.body); err != nil {
			return nil, requestID, err
		}
	}
	isRepeatable := (request.isRepeatable || request.method == http.MethodGet) && !request.isOnce
	isRenewed := false
	for attempt := 1; ; attempt++ {
		response, err := t.attempt(ctx, request, body, requestID)
		var failed error
		status, retryAfter := 0, 0.0
		switch {
		case err != nil:
			var known *Error
			if errors.As(err, &known) { // of the token endpoint
				failed, status, retryAfter = known, known.Status, known.RetryAfter
			} else {
				failed = failure(err, request, requestID)
			}
			if ctx.Err() != nil {
				return nil, requestID, failed
			}
		case response.StatusCode < 300 || response.StatusCode == http.StatusNotModified:
			return response, requestID, nil
		default:
			content, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
			response.Body.Close()
			status, retryAfter = response.StatusCode, retryAfterOf(response.Header.Get("Retry-After"))
			id := response.Header.Get("X-Request-ID")
			if id == "" {
				id = requestID
			}
			if status == http.StatusUnauthorized && t.forget() && !isRenewed {
				// Revoked, or the server's keys have changed: one new token, no more.
				isRenewed = true
				attempt--
				continue
			}
			failed = errorOf(status, content, id, retryAfter)
		}
		pause, again := t.policy.delay(attempt, isRepeatable, status, retryAfter)
		if !again {
			return nil, requestID, failed
		}
		if err := t.sleep(ctx, pause); err != nil {
			return nil, requestID, failed
		}
	}
}

func (t *transport) attempt(ctx context.Context, request call, body []byte, requestID string) (*http.Response, error) {
	credential, err := t.credential(ctx)
	if err != nil {
		return nil, err
	}
	// Of a stream only the beginning has to come in time.
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(t.policy.Timeout, cancel)
	made, err := http.NewRequestWithContext(ctx, request.method, t.url(request.path), bytes.NewReader(body))
	if err != nil {
		cancel()
		return nil, err
	}
	if len(request.query) > 0 {
		made.URL.RawQuery = request.query.Encode()
	}
	made.Header.Set("User-Agent", "s9s-go/"+Version)
	made.Header.Set("X-Request-ID", requestID)
	if body != nil {
		made.Header.Set("Content-Type", "application/json")
	}
	if credential[0] != "" {
		made.Header.Set(credential[0], credential[1])
	}
	if request.key != "" {
		made.Header.Set("Idempotency-Key", request.key)
	}
	for name, value := range request.headers {
		made.Header.Set(name, value)
	}
	response, err := t.client.Do(made)
	if err != nil {
		if !timer.Stop() {
			err = errTimeout
		}
		cancel()
		return nil, err
	}
	if request.isStream {
		timer.Stop()
		response.Body = &streamBody{response.Body, cancel}
		return response, nil
	}
	defer cancel()
	content, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		if !timer.Stop() {
			err = errTimeout
		}
		return nil, err
	}
	timer.Stop()
	response.Body = io.NopCloser(bytes.NewReader(content))
	return response, nil
}

var errTimeout = errors.New("no answer in time")

// streamBody ends its request when it is closed.
type streamBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *streamBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

func (t *transport) url(path string) string {
	if strings.HasPrefix(path, "/v1") {
		return t.base + path
	}
	return t.root + path
}

func failure(err error, request call, requestID string) error {
	var timeout interface{ Timeout() bool }
	isTimeout := errors.Is(err, errTimeout) || (errors.As(err, &timeout) && timeout.Timeout())
	message := fmt.Sprintf("%s %s: %v", request.method, request.path, err)
	if isTimeout {
		message = fmt.Sprintf("%s %s: no answer in time", request.method, request.path)
	}
	return &TransportError{Message: message, RequestID: requestID, Err: err, isTimeout: isTimeout}
}

// path is a path of the contract with its parameters in place.
func path(template string, values ...string) string {
	for _, value := range values {
		template = strings.Replace(template, "{}", url.PathEscape(value), 1)
	}
	return template
}

// set puts a parameter into a query, unless it is empty or nil.
func set(values url.Values, name string, value any) {
	switch value := value.(type) {
	case string:
		if value != "" {
			values.Set(name, value)
		}
	case int:
		if value != 0 {
			values.Set(name, fmt.Sprint(value))
		}
	case float64:
		if value != 0 {
			values.Set(name, fmt.Sprint(value))
		}
	case bool:
		if value {
			values.Set(name, "true")
		}
	case []string:
		if len(value) > 0 {
			values.Set(name, strings.Join(value, ","))
		}
	case *int:
		if value != nil {
			values.Set(name, fmt.Sprint(*value))
		}
	case *float64:
		if value != nil {
			values.Set(name, fmt.Sprint(*value))
		}
	case *bool:
		if value != nil {
			values.Set(name, fmt.Sprint(*value))
		}
	default:
		panic(fmt.Sprintf("no way to write a %T into a query", value))
	}
}

// keyOf is the given key, or a new one.
func keyOf(given string) string {
	if given != "" {
		return given
	}
	return randomHex(16)
}

func randomHex(size int) string {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // never fails
	return hex.EncodeToString(bytes)
}

// either is the first context that there is.
func either(one, other context.Context) context.Context {
	if one != nil {
		return one
	}
	return other
}
