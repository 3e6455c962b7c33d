package s9s

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"
)

// silence: the server says something every 15 s; after so long without, the connection counts as broken.
const silence = 45 * time.Second

// frame is one unit of Server-Sent Events: up to an empty line.
type frame struct {
	name, data string
	id         *string
}

// frames tells of each frame of an answer until it ends (nil), breaks off, or tell says an error; cancel ends the
// request.
func frames(body io.ReadCloser, request call, requestID string, cancel context.CancelFunc, tell func(frame) error) error {
	defer body.Close()
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	reader := bufio.NewReader(body)
	var now frame
	for {
		line, err := reader.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return failure(err, request, requestID)
		}
		quiet.Reset(silence)
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			whole := now
			now = frame{}
			if err := tell(whole); err != nil {
				return err
			}
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			if now.data != "" {
				now.data += "\n"
			}
			now.data += value
		case "event":
			now.name = value
		case "id":
			now.id = &value
		}
	}
}

// patience says how long to wait before a stream is opened again, and when not to.
type patience struct {
	http     *transport
	failures int
}

// heard: something came, the next failure is the first.
func (p *patience) heard() { p.failures = 0 }

// after pauses, longer with each failure in a row; nil: the server has ended it. It returns what is final.
func (p *patience) after(ctx context.Context, err error) error {
	var asked time.Duration
	var answer *Error
	var broken *TransportError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &answer) && answer.Code == CodeAuthenticationFailed:
		// An access token has expired; for any other credential it is final.
		if p.http.forget(); p.failures > 0 || p.http.config.ClientID == "" {
			return err
		}
	case errors.As(err, &answer):
		if status := answer.Status; status != 429 && status != 502 && status != 503 && status != 504 {
			return err
		}
		asked = time.Duration(answer.RetryAfter * float64(time.Second))
	case err != nil && !errors.As(err, &broken):
		return err
	}
	p.failures++
	return p.http.sleep(ctx, max(p.http.policy.pauseAfter(p.failures), asked))
}
