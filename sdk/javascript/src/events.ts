/** Events: a subscription that comes back by itself. */

import { errorOf, ReplayUnavailable, ResourceConflict } from './errors.js';
import type { CallOptions, Http } from './http.js';
import type { EventSubscribeOptions } from './models.js';
import { EventOperations } from './operations.js';
import { framesOf, Patience } from './stream.js';

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
    const patience = new Patience(this.http, call.signal);
    for (;;) {
      let failure: unknown;
      try {
        for await (const event of once(this.http, position, { channel, ...filters }, call)) {
          patience.heard();
          yield event;
        }
      } catch (error) {
        failure = error;
      }
      await patience.after(failure);
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
  for await (const frame of framesOf(response)) {
    if (frame.id !== null) {
      // All before it is done: never again.
      position.since = Number(frame.id);
      position.snapshot = undefined;
    }
    if (frame.data !== '') yield eventOf(frame.name, JSON.parse(frame.data));
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
