/**
 * When a request is sent once more, and after which pause; the same in the clients for Python and Go:
 *
 * - **429** is repeated, whatever the request: the server has done nothing.
 * - **502, 503, 504, timeouts and broken connections** are repeated for what is *repeatable*: every read, and
 *   every submission that carries an `Idempotency-Key` (they all do by default). Any other write may have
 *   arrived and is never sent twice.
 * - There are at most `maxRetries` repetitions (3). Before the n-th lies a random pause between half and the
 *   whole of `0.5 s * 2^(n-1)`, at most 8 s; or what `Retry-After` asks for, if that is more. A `Retry-After` of
 *   more than `maxRetryAfter` (60 s) is not waited for: the error comes at once.
 * - `timeout` (30 s) is for each attempt.
 *
 * Times are seconds.
 */
export interface Policy {
  timeout: number;
  maxRetries: number;
  pause: number;
  maxPause: number;
  maxRetryAfter: number;
  random: () => number;
}

export const DEFAULT_POLICY: Policy = {
  timeout: 30,
  maxRetries: 3,
  pause: 0.5,
  maxPause: 8,
  maxRetryAfter: 60,
  random: Math.random,
};

/** The pause before the next attempt; null: there is none. Attempts count from 1. */
export function delay(
  policy: Policy,
  attempt: number,
  about: { isRepeatable: boolean; status: number | null; retryAfter: number | null },
): number | null {
  if (attempt > policy.maxRetries) return null;
  const isUnwell = about.status === null || [502, 503, 504].includes(about.status);
  if (about.status !== 429 && !(about.isRepeatable && isUnwell)) return null;
  const asked = about.retryAfter ?? 0;
  if (asked > policy.maxRetryAfter) return null;
  return Math.max(asked, pauseAfter(policy, attempt));
}

/** A random pause that grows with the failures in a row. */
export function pauseAfter(policy: Policy, failures: number): number {
  const own = Math.min(policy.maxPause, policy.pause * 2 ** (failures - 1));
  return own * (0.5 + policy.random() / 2);
}

/** Seconds of a `Retry-After` header; a date counts as absent. */
export function retryAfterOf(value: string | null): number | null {
  const seconds = value === null || value.trim() === '' ? NaN : Number(value);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
