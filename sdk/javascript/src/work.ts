/** What exports and reports have in common: background work that ends in a file. */

import { WorkFailed } from './errors.js';
import type { Http } from './http.js';
import { waitFor, type WaitOptions } from './jobs.js';

interface Work {
  status: string;
  error: string | null;
}

/** The work when it is completed. */
export function ended<W extends Work>(
  http: Http,
  name: string,
  look: () => Promise<W>,
  options: WaitOptions,
): Promise<W> {
  return waitFor(
    http,
    async () => {
      const work = await look();
      if (work.status === 'failed' || work.status === 'cancelled') {
        throw new WorkFailed(`${name} is ${work.status}${work.error ? `: ${work.error}` : ''}`, work);
      }
      return { isDone: work.status === 'completed', value: work, state: `${name} is still ${work.status}` };
    },
    { interval: 0.5, maxInterval: 10, ...options },
  );
}
