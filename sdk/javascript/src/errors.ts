/**
 * Everything that can go wrong, the same in the clients for Python and Go:
 *
 *     S9SError
 *     ├── TransportError          no answer: refused, broken off, not HTTP
 *     │   └── RequestTimeout      no answer in time
 *     ├── WaitTimeout             what was waited for did not happen in time
 *     ├── WorkFailed              an export or a report failed on the server
 *     ├── ReplayUnavailable       events between the last one seen and now are lost
 *     └── APIError                the server said no; `code` is the contract's
 *         ├── InvalidRequest
 *         ├── ValidationError
 *         ├── AuthenticationFailed
 *         ├── PermissionDenied
 *         ├── ResourceNotFound
 *         ├── ResourceConflict
 *         ├── RateLimitExceeded
 *         ├── SlurmError
 *         │   └── SlurmUnavailable    Slurm is out of reach (status 503)
 *         └── InternalError           any other code
 *
 * Every error of a request has its `requestId`, also the one that got no answer: the client chose it.
 */

/** Base of all errors of this package. */
export class S9SError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** There was no answer. `requestId` is the one that the server has logged, if the request arrived. */
export class TransportError extends S9SError {
  readonly requestId: string | null;

  constructor(message: string, requestId: string | null = null, cause?: unknown) {
    super(requestId ? `${message} (request ${requestId})` : message, { cause });
    this.requestId = requestId;
  }
}

/** There was no answer in time. */
export class RequestTimeout extends TransportError {}

/** What was waited for did not happen in time; `last` is how it was then. */
export class WaitTimeout extends S9SError {
  constructor(
    message: string,
    readonly last: unknown = null,
  ) {
    super(message);
  }
}

/** An export or a report failed on the server; `last` is its status. */
export class WorkFailed extends S9SError {
  constructor(
    message: string,
    readonly last: unknown = null,
  ) {
    super(message);
  }
}

/** Events were missed and the server has them no more: read the list anew, then subscribe again. */
export class ReplayUnavailable extends S9SError {}

export interface Failure {
  /** The contract's error code, `RESOURCE_NOT_FOUND`. */
  code: string;
  /** One sentence. */
  message: string;
  /** What is wrong, and what is allowed instead. */
  details: Record<string, unknown>;
  /** To name when asking for help. */
  requestId: string | null;
  /** HTTP status. */
  status: number;
  /** Seconds after which to try again, if the server says so. */
  retryAfter: number | null;
}

/** The server's answer is an error. `sentence` is its message alone. */
export class APIError extends S9SError {
  readonly code: string;
  readonly sentence: string;
  readonly details: Record<string, unknown>;
  readonly requestId: string | null;
  readonly status: number;
  readonly retryAfter: number | null;

  constructor(failure: Failure) {
    super(`${failure.message} (${failure.code}, request ${failure.requestId})`);
    this.code = failure.code;
    this.sentence = failure.message;
    this.details = failure.details;
    this.requestId = failure.requestId;
    this.status = failure.status;
    this.retryAfter = failure.retryAfter;
  }
}

/** The request is malformed. */
export class InvalidRequest extends APIError {}
/** A value is not allowed; `details` has `parameter`, `value` and `allowed`. */
export class ValidationError extends APIError {}
/** No credential, or one that is unknown, expired or revoked. */
export class AuthenticationFailed extends APIError {}
/** Slurm, or the credential's scope, says no. */
export class PermissionDenied extends APIError {}
/** Nothing of that name. */
export class ResourceNotFound extends APIError {}
/** The resource's state forbids it. */
export class ResourceConflict extends APIError {}
/** Too many requests; `retryAfter` says when the next one is allowed. */
export class RateLimitExceeded extends APIError {}
/** Slurm refused for a reason that fits no other class. */
export class SlurmError extends APIError {}
/** Slurm is out of reach; worth a retry. */
export class SlurmUnavailable extends SlurmError {}
/** The server failed, or answered something that is not in the contract. */
export class InternalError extends APIError {}

const BY_CODE: Record<string, new (failure: Failure) => APIError> = {
  INVALID_REQUEST: InvalidRequest,
  VALIDATION_ERROR: ValidationError,
  AUTHENTICATION_FAILED: AuthenticationFailed,
  PERMISSION_DENIED: PermissionDenied,
  RESOURCE_NOT_FOUND: ResourceNotFound,
  RESOURCE_CONFLICT: ResourceConflict,
  RATE_LIMIT_EXCEEDED: RateLimitExceeded,
  SLURM_ERROR: SlurmError,
};

/** The answer as an error of the right class. `body` is its JSON, or undefined where it had none. */
export function errorOf(
  status: number,
  body: unknown,
  requestId: string | null,
  retryAfter: number | null,
): APIError {
  const failure: Failure = {
    code: 'INTERNAL_ERROR',
    message: `Unexpected answer with status ${status}`,
    details: {},
    requestId,
    status,
    retryAfter,
  };
  const answer = (body ?? {}) as Record<string, unknown>;
  const error = answer['error'];
  if (typeof error === 'string') {
    // RFC 6749, of the token endpoint
    failure.code = status === 401 ? 'AUTHENTICATION_FAILED' : 'INVALID_REQUEST';
    failure.message = String(answer['error_description'] ?? error);
    failure.details = { error };
  } else if (typeof error === 'object' && error !== null) {
    const given = error as Record<string, unknown>;
    failure.code = String(given['code'] ?? '');
    failure.message = String(given['message'] ?? '');
    failure.details = (given['details'] as Record<string, unknown>) ?? {};
  }
  let kind = BY_CODE[failure.code] ?? InternalError;
  if (kind === SlurmError && status === 503) kind = SlurmUnavailable;
  return new kind(failure);
}
