package s9s

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
)

var statusOf = map[string]int{
	CodeInvalidRequest: 400, CodeValidationError: 400, CodeAuthenticationFailed: 401, CodePermissionDenied: 403,
	CodeResourceNotFound: 404, CodeResourceConflict: 409, CodeRateLimitExceeded: 429,
}

// Event is one message of a subscription, in the contract's update format.
type Event struct {
	// Channel is jobs, nodes, metrics, alerts or queue; nil for what concerns all.
	Channel *string `json:"channel"`
	// Action is created, update or removed; snapshot: rows that match at the beginning; lagged: this client was
	// too slow, and what follows begins anew.
	Action     string          `json:"action"`
	ResourceID *string         `json:"resource_id"`
	Timestamp  string          `json:"timestamp"`
	Data       json.RawMessage `json:"data"`
	Sequence   *int64          `json:"sequence"`
}

// Subscribe gives events for as long as the iteration goes on; nil options are all jobs.
//
// When the connection breaks, or the server starts anew, it is opened again, with growing pauses, and goes on
// after the last event. An error that a new try would not mend ends it; *ReplayUnavailable says that some of
// what was missed is no longer kept: read the list, and subscribe anew.
func (s *EventsService) Subscribe(opts *EventSubscribeOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		wanted := EventSubscribeOptions{}
		if opts != nil {
			wanted = *opts
		}
		if wanted.ctx == nil {
			wanted.ctx = s.client.ctx
		}
		if wanted.Channel == "" {
			wanted.Channel = "jobs"
		}
		patience := patience{http: s.client.http}
		for {
			err := s.once(&wanted, func(event Event) bool {
				patience.heard()
				return yield(event, nil)
			})
			if errors.Is(err, errEnough) {
				return
			}
			if err := patience.after(wanted.ctx, err); err != nil {
				yield(Event{}, err)
				return
			}
		}
	}
}

var errEnough = errors.New("enough")

// once follows one connection to its end; nil: the server has ended it.
func (s *EventsService) once(wanted *EventSubscribeOptions, tell func(Event) bool) error {
	ctx, cancel := context.WithCancel(wanted.ctx)
	defer cancel()
	request := call{
		method: "GET", path: "/v1/events", query: wanted.values(), isStream: true, isOnce: true,
		headers: map[string]string{"Accept": "text/event-stream"},
	}
	response, requestID, err := s.client.http.send(ctx, request)
	if err != nil {
		var answer *Error
		if errors.As(err, &answer) && answer.Code == CodeResourceConflict {
			return &ReplayUnavailable{answer.Message}
		}
		return err
	}
	return frames(response.Body, request, requestID, cancel, func(frame frame) error {
		if frame.id != nil {
			// All before it is done: never again.
			since, err := strconv.Atoi(*frame.id)
			if err != nil {
				return err
			}
			wanted.Since, wanted.Snapshot = &since, false
		}
		if frame.data == "" {
			return nil
		}
		event, err := eventOf(frame.name, []byte(frame.data))
		if err == nil && !tell(event) {
			err = errEnough
		}
		return err
	})
}

func eventOf(name string, message []byte) (Event, error) {
	var event Event
	switch name {
	case "error":
		var said struct {
			Error struct {
				Code      string `json:"code"`
				RequestID string `json:"request_id"`
			} `json:"error"`
		}
		if err := json.Unmarshal(message, &said); err != nil {
			return event, err
		}
		status, ok := statusOf[said.Error.Code]
		if !ok {
			status = 500
		}
		return event, errorOf(status, message, said.Error.RequestID, 0)
	case "replay_unavailable":
		var said struct {
			Message string `json:"message"`
		}
		if err := json.Unmarshal(message, &said); err != nil {
			return event, err
		}
		return event, &ReplayUnavailable{said.Message}
	}
	err := json.Unmarshal(message, &event)
	return event, err
}
