package s9s

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// FollowOptions says what to follow; nil is all of the standard output.
type FollowOptions struct {
	// Stream is "output" (the default) or "error".
	Stream string
	// Lines begins with so many of the last lines; nil: with all.
	Lines *int
	ctx   context.Context
}

// WithContext gives a copy that follows until the context ends.
func (o *FollowOptions) WithContext(ctx context.Context) *FollowOptions {
	made := FollowOptions{}
	if o != nil {
		made = *o
	}
	made.ctx = ctx
	return &made
}

// FollowOutput gives what a job writes, as UTF-8, as it writes it, until it ends. It has to be closed.
//
// When the connection breaks, or the server starts anew, it goes on where it was, and nothing is left out or told
// twice. After a requeue the file begins anew, and so does what is read. What a new try would not mend is an error,
// and so is everything before the first answer.
func (s *JobsService) FollowOutput(jobID string, opts *FollowOptions) (io.ReadCloser, error) {
	wanted := FollowOptions{}
	if opts != nil {
		wanted = *opts
	}
	if wanted.Stream == "" {
		wanted.Stream = "output"
	}
	ctx, cancel := context.WithCancel(either(wanted.ctx, s.client.ctx))
	query := map[string][]string{"follow": {"true"}}
	set(query, "lines", wanted.Lines)
	request := call{
		method: "GET", path: path("/v1/jobs/{}/{}", jobID, wanted.Stream), query: query, isStream: true,
		headers: map[string]string{"Accept": "text/event-stream"},
	}
	response, requestID, err := s.client.http.send(ctx, request)
	if err != nil {
		cancel()
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		defer cancel()
		_ = writer.CloseWithError(s.follow(ctx, request, response, requestID, writer))
	}()
	return &followed{reader, cancel}, nil
}

// followed ends its requests when it is closed.
type followed struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (f *followed) Close() error {
	f.cancel()
	return f.PipeReader.Close()
}

// follow writes what the answers say until the job has ended (nil), coming back when one breaks off.
func (s *JobsService) follow(
	ctx context.Context, request call, response *http.Response, requestID string, writer io.Writer,
) error {
	patience := patience{http: s.client.http}
	for {
		body := response.Body
		err := frames(body, request, requestID, func() { body.Close() }, func(frame frame) error {
			patience.heard()
			return read(frame, request.headers, writer)
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		if err := patience.after(ctx, err); err != nil {
			return err
		}
		for response = nil; response == nil; {
			if response, requestID, err = s.client.http.send(ctx, request); err != nil {
				if err := patience.after(ctx, err); err != nil {
					return err
				}
			}
		}
	}
}

// read writes the text of a frame, and keeps in the headers what to say when coming back; errEnough: the job has
// ended.
func read(frame frame, headers map[string]string, writer io.Writer) error {
	if frame.id != nil {
		delete(headers, "Last-Event-ID")
		if *frame.id != "" {
			headers["Last-Event-ID"] = *frame.id
		}
	}
	if frame.data == "" {
		return nil
	}
	var message struct {
		Data struct {
			Content string  `json:"content"`
			State   *string `json:"state"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(frame.data), &message); err != nil {
		return err
	}
	if _, err := io.WriteString(writer, message.Data.Content); err != nil {
		return err
	}
	if frame.name == "end" && message.Data.State != nil {
		return errEnough
	}
	return nil
}
