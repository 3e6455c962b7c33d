/** Requests to answers: credentials, retries, errors. */

import { APIError, errorOf, RequestTimeout, S9SError, TransportError } from './errors.js';
import { certifiedFetch } from './node.js';
import { delay, retryAfterOf } from './policy.js';
import type { Fetch, Settings } from './settings.js';
import { VERSION } from './version.js';
import { fromWire, queryOf, toWire } from './wire.js';

/** What any call may be given. */
export interface CallOptions {
  /** Ends the call, and its pauses. */
  signal?: AbortSignal;
}

export interface Request extends CallOptions {
  query?: object;
  body?: object;
  /** Of the body, see shapes.ts. */
  shape?: string;
  headers?: Record<string, string>;
  /** Whether it carries an `Idempotency-Key`, and so may arrive twice. */
  isKeyed?: boolean;
  /** Whether it may arrive twice; by default reads, and what is keyed. */
  isRepeatable?: boolean;
  /** The answer may come as slowly as it likes. */
  isStream?: boolean;
}

/** An access token is renewed so many seconds before it expires. */
const MARGIN_SECONDS = 30;

const isBrowser = typeof window !== 'undefined';

/** One server, one credential. */
export class Http {
  sleep = pause;
  now = (): number => Date.now() / 1000;
  readonly #fetch: Fetch;
  #accessToken: string | null = null;
  #renewAt = 0;
  #renewing: Promise<void> | null = null;

  constructor(readonly settings: Settings) {
    this.#fetch =
      settings.fetch ?? (settings.tls ? certifiedFetch(settings.tls) : (url, init) => fetch(url, init));
  }

  /** The answer as a model. */
  async model<T>(shape: string, method: string, where: string, request: Request): Promise<T> {
    return fromWire<T>(await this.json(method, where, request), shape);
  }

  /** The answer's JSON. */
  async json(method: string, where: string, request: Request): Promise<unknown> {
    const [response, requestId] = await this.send(method, where, request);
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new TransportError(`${method} ${where}: the answer is not JSON`, requestId, error);
    }
  }

  /** The answer's text. */
  async text(method: string, where: string, request: Request): Promise<string> {
    return (await this.send(method, where, request))[0].text();
  }

  /** The answer's bytes. */
  async bytes(method: string, where: string, request: Request): Promise<Uint8Array> {
    return new Uint8Array(await (await this.send(method, where, request))[0].arrayBuffer());
  }

  /** The answer, after as many attempts as the policy allows, and the request's id. */
  async send(method: string, where: string, request: Request): Promise<[Response, string]> {
    const requestId = `sdk_${randomHex(8)}`;
    const isRepeatable = request.isRepeatable ?? (request.isKeyed === true || method === 'GET');
    const headers: Record<string, string> = { 'X-Request-ID': requestId, ...request.headers };
    if (!isBrowser) headers['User-Agent'] = `s9s-javascript/${VERSION}`;
    let body: string | undefined;
    if (request.body !== undefined) {
      const { idempotencyKey, ...fields } = request.body as { idempotencyKey?: string };
      body = JSON.stringify(toWire(fields, request.shape ?? ''));
      headers['Content-Type'] = 'application/json';
      if (request.isKeyed) headers['Idempotency-Key'] = idempotencyKey ?? randomHex(16);
    }
    const address = this.url(where) + queryOf(request.query ?? {});
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      let failure: S9SError;
      let status: number | null = null;
      let retryAfter: number | null = null;
      try {
        const response = await this.#attempt(address, { method, headers, ...(body === undefined ? {} : { body }) }, request);
        if (response.status < 300 || response.status === 304) return [response, requestId];
        status = response.status;
        if (status === 401 && this.#accessToken !== null && !isRenewed) {
          // Revoked, or the server's keys have changed: one new token, no more.
          this.#accessToken = null;
          isRenewed = true;
          attempt--;
          continue;
        }
        failure = await failureOf(response, requestId);
        retryAfter = retryAfterOf(response.headers.get('retry-after'));
      } catch (error) {
        if (request.signal?.aborted) throw request.signal.reason;
        if (error instanceof APIError) {
          // of the token endpoint
          [failure, status, retryAfter] = [error, error.status, error.retryAfter];
        } else {
          failure = transportFailure(error, method, where, requestId);
        }
      }
      const pause = delay(this.settings.patience, attempt, { isRepeatable, status, retryAfter });
      if (pause === null) throw failure;
      await this.sleep(pause, request.signal);
    }
  }

  async #attempt(address: string, init: RequestInit, request: Request): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), ...(await this.credentials()) };
    const timer = new AbortController();
    const timeout = setTimeout(() => timer.abort(new TimedOut()), this.settings.patience.timeout * 1000);
    const signals = request.signal ? [timer.signal, request.signal] : [timer.signal];
    try {
      const response = await this.#fetch(address, {
        ...init,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
      if (request.isStream && response.status < 300) return response;
      // Inside of the timeout, and of the retries. Some statuses may not have a body at all.
      const content = await response.arrayBuffer();
      const isEmpty = response.status === 204 || response.status === 304;
      return new Response(isEmpty ? null : content, { status: response.status, headers: response.headers });
    } finally {
      clearTimeout(timeout);
    }
  }

  /** The whole address of a path of the contract. */
  url(where: string): string {
    return (where.startsWith('/v1') ? this.settings.base : this.settings.root) + where;
  }

  /** The headers that say who is calling. */
  async credentials(): Promise<Record<string, string>> {
    if (this.settings.apiKey !== undefined) return { 'X-API-Key': this.settings.apiKey };
    const token = await this.token();
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  }

  /** The token, or an access token that is still valid for a while. */
  async token(): Promise<string | null> {
    if (this.settings.clientId === undefined) return this.settings.token ?? null;
    if (this.#accessToken === null || this.now() >= this.#renewAt) {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
      await this.#renewing;
    }
    return this.#accessToken;
  }

  /** Have the next request fetch a new access token; false: no other credential can be renewed. */
  forgetAccessToken(): boolean {
    this.#accessToken = null;
    return this.settings.clientId !== undefined;
  }

  async #renew(): Promise<void> {
    const { clientId, clientSecret, scope } = this.settings;
    const wish = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope };
    const response = await this.#fetch(this.url('/oauth/token'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wish),
      signal: AbortSignal.timeout(this.settings.patience.timeout * 1000),
    });
    if (response.status >= 300) throw await failureOf(response, null);
    const answer = (await response.json()) as { access_token: string; expires_in: number };
    // Of a very short life half is used.
    this.#renewAt = this.now() + Math.max(answer.expires_in - MARGIN_SECONDS, answer.expires_in / 2);
    this.#accessToken = answer.access_token;
  }
}

/** The text of an answer, as it comes; after so many seconds of silence it counts as broken off. */
export async function* textOf(response: Response, silence?: number): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const decoder = new TextDecoder();
  const id = response.headers.get('x-request-id');
  try {
    for (;;) {
      const { done, value } = await (silence === undefined ? reader.read() : within(silence, reader.read()));
      const text = decoder.decode(value, { stream: !done });
      if (text !== '') yield text;
      if (done) return;
    }
  } catch (error) {
    throw error instanceof S9SError || isAbort(error) ? error : new TransportError(`The answer broke off: ${error}`, id, error);
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RequestTimeout(`Nothing was heard for ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** Base of the resources. */
export class Resource {
  constructor(protected readonly http: Http) {}
}

/** A path of the contract with its parameters in place. */
export function path(template: string, ...values: string[]): string {
  return values.reduce((text, value) => text.replace('{}', () => encodeURIComponent(value)), template);
}

class TimedOut extends Error {}

function transportFailure(error: unknown, method: string, where: string, requestId: string): TransportError {
  const isTimeout =
    error instanceof TimedOut || (error instanceof Error && error.name === 'TimeoutError');
  if (isTimeout) return new RequestTimeout(`${method} ${where}: no answer in time`, requestId, error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TransportError(`${method} ${where}: ${text}`, requestId, error);
}

async function failureOf(response: Response, requestId: string | null): Promise<S9SError> {
  const text = await response.text().catch(() => '');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const id = response.headers.get('x-request-id') ?? requestId;
  return errorOf(response.status, body, id, retryAfterOf(response.headers.get('retry-after')));
}

export function randomHex(size: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(size));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
