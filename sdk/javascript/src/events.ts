/** Events: a subscription that comes back by itself. */

import { APIError, AuthenticationFailed, errorOf, ReplayUnavailable, ResourceConflict, TransportError } from './errors.js';
import { textOf, type CallOptions, type Http } from './http.js';
import type { EventSubscribeOptions } from './models.js';
import { EventOperations } from './operations.js';
import { pauseAfter } from './policy.js';

/** The server says something every 15 s; after so many seconds of silence the connection counts as broken. */
const SILENCE_SECONDS = 45;

const RETRIED = new Set([429, 502, 503, 504]);

const STATUS: Record<string, number> = {
  INVALID_REQUEST: 400,
  VALIDATION_ERROR: 400,
  AUTHENTICATION_FAILED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  RATE_LIMIT_EXCEEDED: 429,
};

/** One message of a subscription, in the contract's update format; `data` is as it stands on the wire. */
export interface Event {
  /** `jobs`, `nodes`, `metrics`, `alerts`, `queue`; null for what concerns all. */
  channel: string | null;
  /**
   * `created`, `update`, `removed`; `snapshot`: rows that match at the beginning; `lagged`: this client was too
   * slow, and what follows begins anew.
   */
  action: string;
  resourceId: string | null;
  timestamp: string;
  data: Record<string, unknown>;
  sequence: number | null;
}

/** Where a subscription is: what it says when it comes back. */
interface Position {
  since: number | undefined;
  snapshot: boolean | undefined;
}

/** Changes as they happen. */
export class Events extends EventOperations {
  /**
   * Events for as long as the iteration goes on.
   *
   * When the connection breaks, or the server starts anew, it is opened again, with growing pauses, and goes on
   * after the last event. An error that a new try would not mend is thrown; `ReplayUnavailable` says that some
   * of what was missed is no longer kept: read the list, and subscribe anew.
   */
  async *subscribe(options: EventSubscribeOptions = {}, call: CallOptions = {}): AsyncGenerator<Event> {
    const { since, snapshot, channel = 'jobs', ...filters } = options;
    const position: Position = { since, snapshot: snapshot || undefined };
    for (let failures = 0; ; ) {
      let asked = 0;
      try {
        for await (const event of once(this.http, position, { channel, ...filters }, call)) {
          failures = 0;
          yield event;
        }
      } catch (error) {
        if (error instanceof AuthenticationFailed) {
          // An access token has expired; for any other credential it is final.
          if (failures > 0 || !this.http.forgetAccessToken()) throw error;
        } else if (error instanceof APIError) {
          if (!RETRIED.has(error.status)) throw error;
          asked = error.retryAfter ?? 0;
        } else if (!(error instanceof TransportError)) {
          throw error;
        }
      }
      failures++;
      await this.http.sleep(Math.max(pauseAfter(this.http.settings.patience, failures), asked), call.signal);
    }
  }
}

async function* once(http: Http, position: Position, query: object, call: CallOptions): AsyncGenerator<Event> {
  let response: Response;
  try {
    [response] = await http.send('GET', '/v1/events', {
      query: { ...query, ...position },
      headers: { Accept: 'text/event-stream' },
      isStream: true,
      isRepeatable: false,
      ...call,
    });
  } catch (error) {
    throw error instanceof ResourceConflict ? new ReplayUnavailable(error.sentence, { cause: error }) : error;
  }
  let rest = '';
  let name = '';
  let data: string[] = [];
  for await (const piece of textOf(response, SILENCE_SECONDS)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.map((one) => one.replace(/\r$/, ''))) {
      if (line === '') {
        if (data.length > 0) yield eventOf(name, JSON.parse(data.join('\n')));
        name = '';
        data = [];
        continue;
      }
      const [, field, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (field === 'data') data.push(value);
      else if (field === 'event') name = value;
      else if (field === 'id') {
        // All before it is done: never again.
        position.since = Number(value);
        position.snapshot = undefined;
      }
    }
  }
}

function eventOf(name: string, message: Record<string, unknown>): Event {
  if (name === 'error') {
    const { code, request_id: id } = message['error'] as { code: string; request_id?: string };
    throw errorOf(STATUS[code] ?? 500, message, id ?? null, null);
  }
  if (name === 'replay_unavailable') throw new ReplayUnavailable(String(message['message']));
  return {
    channel: (message['channel'] as string) ?? null,
    action: String(message['action']),
    resourceId: (message['resource_id'] as string) ?? null,
    timestamp: String(message['timestamp']),
    data: (message['data'] as Record<string, unknown>) ?? {},
    sequence: (message['sequence'] as number) ?? null,
  };
}
