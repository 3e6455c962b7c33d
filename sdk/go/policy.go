package s9s

import (
	"math"
	"math/rand"
	"strconv"
	"time"
)

// Policy says when a request is sent once more, and after which pause; the same in the clients for Python
// and JavaScript:
//
//   - 429 is repeated, whatever the request: the server has done nothing.
//   - 502, 503, 504, timeouts and broken connections are repeated for what is repeatable: every read, and
//     every submission that carries an Idempotency-Key (they all do by default). Any other write may have
//     arrived and is never sent twice.
//   - There are at most MaxRetries repetitions (3). Before the n-th lies a random pause between half and the
//     whole of 0.5 s * 2^(n-1), at most 8 s; or what Retry-After asks for, if that is more. A Retry-After of
//     more than MaxRetryAfter (60 s) is not waited for: the error comes at once.
//   - Timeout (30 s) is for each attempt.
type Policy struct {
	Timeout       time.Duration
	MaxRetries    int
	Pause         time.Duration
	MaxPause      time.Duration
	MaxRetryAfter time.Duration
	random        func() float64
}

// DefaultPolicy gives the policy with its usual values.
func DefaultPolicy() Policy {
	return Policy{
		Timeout:       30 * time.Second,
		MaxRetries:    3,
		Pause:         500 * time.Millisecond,
		MaxPause:      8 * time.Second,
		MaxRetryAfter: 60 * time.Second,
		random:        rand.Float64,
	}
}

// delay is the pause before the next attempt, and whether there is one. Attempts count from 1; the status is 0
// without an answer.
func (p Policy) delay(attempt int, isRepeatable bool, status int, retryAfter float64) (time.Duration, bool) {
	if attempt > p.MaxRetries {
		return 0, false
	}
	isUnwell := status == 0 || status == 502 || status == 503 || status == 504
	if status != 429 && !(isRepeatable && isUnwell) {
		return 0, false
	}
	asked := time.Duration(retryAfter * float64(time.Second))
	if asked > p.MaxRetryAfter {
		return 0, false
	}
	return max(asked, p.pauseAfter(attempt)), true
}

// pauseAfter is a random pause that grows with the failures in a row.
func (p Policy) pauseAfter(failures int) time.Duration {
	random := p.random
	if random == nil {
		random = rand.Float64
	}
	own := math.Min(float64(p.MaxPause), float64(p.Pause)*math.Pow(2, float64(failures-1)))
	return time.Duration(own * (0.5 + random()/2))
}

// retryAfterOf gives the seconds of a Retry-After header; a date counts as absent.
func retryAfterOf(value string) float64 {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || seconds < 0 {
		return 0
	}
	return seconds
}
