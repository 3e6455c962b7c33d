package s9s

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Error codes of the contract. Everything that can go wrong, the same in the clients for Python and
// JavaScript:
//
//	*TransportError          no answer: refused, broken off, not HTTP; Timeout() tells of no answer in time
//	*WaitTimeout             what was waited for did not happen in time
//	*WorkFailed              an export or a report failed on the server
//	*ReplayUnavailable       events between the last one seen and now are lost
//	*Error                   the server said no; its Code is one of these
//
// Branch with errors.Is(err, s9s.ErrResourceNotFound) or s9s.IsError(err, s9s.CodeResourceNotFound).
const (
	CodeInvalidRequest       = "INVALID_REQUEST"
	CodeValidationError      = "VALIDATION_ERROR"
	CodeAuthenticationFailed = "AUTHENTICATION_FAILED"
	CodePermissionDenied     = "PERMISSION_DENIED"
	CodeResourceNotFound     = "RESOURCE_NOT_FOUND"
	CodeResourceConflict     = "RESOURCE_CONFLICT"
	CodeRateLimitExceeded    = "RATE_LIMIT_EXCEEDED"
	CodeSlurmError           = "SLURM_ERROR"
	CodeInternalError        = "INTERNAL_ERROR"
)

// Sentinels for errors.Is.
var (
	ErrInvalidRequest       = &Error{Code: CodeInvalidRequest}
	ErrValidationError      = &Error{Code: CodeValidationError}
	ErrAuthenticationFailed = &Error{Code: CodeAuthenticationFailed}
	ErrPermissionDenied     = &Error{Code: CodePermissionDenied}
	ErrResourceNotFound     = &Error{Code: CodeResourceNotFound}
	ErrResourceConflict     = &Error{Code: CodeResourceConflict}
	ErrRateLimitExceeded    = &Error{Code: CodeRateLimitExceeded}
	ErrSlurmError           = &Error{Code: CodeSlurmError}
	// ErrSlurmUnavailable is an ErrSlurmError too: Slurm is out of reach (status 503); worth a retry.
	ErrSlurmUnavailable = &Error{Code: CodeSlurmError, Status: 503}
	// ErrInternalError is every error whose code is none of the above.
	ErrInternalError = &Error{Code: CodeInternalError}
)

// Error is an answer of the server that is an error.
type Error struct {
	// Code is the contract's error code.
	Code string
	// Message is one sentence.
	Message string
	// Details say what is wrong, and what is allowed instead.
	Details map[string]any
	// RequestID is what to name when asking for help.
	RequestID string
	// Status is the HTTP status.
	Status int
	// RetryAfter is the number of seconds after which to try again, if the server says so, else 0.
	RetryAfter float64
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%s, request %s)", e.Message, e.Code, e.RequestID)
}

// Is compares codes; a target with a status wants that status too.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	if !ok || (other.Status != 0 && other.Status != e.Status) {
		return false
	}
	return e.Code == other.Code || (other.Code == CodeInternalError && !known[e.Code])
}

var known = map[string]bool{
	CodeInvalidRequest: true, CodeValidationError: true, CodeAuthenticationFailed: true, CodePermissionDenied: true,
	CodeResourceNotFound: true, CodeResourceConflict: true, CodeRateLimitExceeded: true, CodeSlurmError: true,
}

// IsError tells whether err is an answer of the server with this code.
func IsError(err error, code string) bool {
	var found *Error
	return errors.As(err, &found) && found.Code == code
}

// TransportError means that there was no answer.
type TransportError struct {
	Message string
	// RequestID is the one that the server has logged, if the request arrived.
	RequestID string
	// Err is the cause.
	Err       error
	isTimeout bool
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("%s (request %s)", e.Message, e.RequestID)
}

// Unwrap gives the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Timeout tells whether there was no answer in time.
func (e *TransportError) Timeout() bool { return e.isTimeout }

// WaitTimeout means that what was waited for did not happen in time.
type WaitTimeout struct{ Message string }

func (e *WaitTimeout) Error() string { return e.Message }

// WorkFailed means that an export or a report failed on the server.
type WorkFailed struct{ Message string }

func (e *WorkFailed) Error() string { return e.Message }

// ReplayUnavailable means that events were missed and the server has them no more: read the list anew, then
// subscribe again.
type ReplayUnavailable struct{ Message string }

func (e *ReplayUnavailable) Error() string { return e.Message }

// errorOf is the answer as an error.
func errorOf(status int, body []byte, requestID string, retryAfter float64) *Error {
	found := &Error{
		Code:       CodeInternalError,
		Message:    fmt.Sprintf("Unexpected answer with status %d", status),
		RequestID:  requestID,
		Status:     status,
		RetryAfter: retryAfter,
	}
	var answer struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return found
	}
	var envelope struct {
		Code    string         `json:"code"`
		Message string         `json:"message"`
		Details map[string]any `json:"details"`
	}
	if json.Unmarshal(answer.Error, &envelope) == nil && envelope.Code != "" {
		found.Code, found.Message, found.Details = envelope.Code, envelope.Message, envelope.Details
		return found
	}
	var word string // RFC 6749, of the token endpoint
	if json.Unmarshal(answer.Error, &word) == nil && word != "" {
		found.Code = CodeInvalidRequest
		if status == 401 {
			found.Code = CodeAuthenticationFailed
		}
		found.Message, found.Details = word, map[string]any{"error": word}
		if answer.Description != "" {
			found.Message = answer.Description
		}
	}
	return found
}
