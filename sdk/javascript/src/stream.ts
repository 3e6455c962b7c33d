/** Server-Sent Events: an answer as its frames, and coming back after it has broken off. */

import { APIError, AuthenticationFailed, TransportError } from './errors.js';
import { textOf, type Http } from './http.js';
import { pauseAfter } from './policy.js';

/** The server says something every 15 s; after so many seconds of silence the connection counts as broken. */
const SILENCE_SECONDS = 45;

const RETRIED = new Set([429, 502, 503, 504]);

/** One of the stream's own units: up to an empty line. */
export interface Frame {
  name: string;
  data: string;
  id: string | null;
}

/** The frames of an answer, as they come. */
export async function* framesOf(response: Response): AsyncGenerator<Frame> {
  const empty = (): Frame => ({ name: '', data: '', id: null });
  let rest = '';
  let frame = empty();
  for await (const piece of textOf(response, SILENCE_SECONDS)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines.map((one) => one.replace(/\r$/, ''))) {
      if (line === '') {
        const whole = frame;
        frame = empty();
        yield whole;
        continue;
      }
      const at = line.indexOf(':');
      const [field, value] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
      if (field === 'data') frame.data = frame.data === '' ? value : `${frame.data}\n${value}`;
      else if (field === 'event') frame.name = value;
      else if (field === 'id') frame.id = value;
    }
  }
}

/** How long to wait before a stream is opened again, and when not to. */
export class Patience {
  #failures = 0;

  constructor(
    private readonly http: Http,
    private readonly signal?: AbortSignal,
  ) {}

  /** Something came: the next failure is the first. */
  heard(): void {
    this.#failures = 0;
  }

  /** Pauses, longer with each failure in a row; without one the server has ended it. Throws what is final. */
  async after(error?: unknown): Promise<void> {
    let asked = 0;
    if (error instanceof AuthenticationFailed) {
      // An access token has expired; for any other credential it is final.
      if (this.#failures > 0 || !this.http.forgetAccessToken()) throw error;
    } else if (error instanceof APIError) {
      if (!RETRIED.has(error.status)) throw error;
      asked = error.retryAfter ?? 0;
    } else if (error !== undefined && !(error instanceof TransportError)) {
      throw error;
    }
    this.#failures++;
    await this.http.sleep(Math.max(pauseAfter(this.http.settings.patience, this.#failures), asked), this.signal);
  }
}
