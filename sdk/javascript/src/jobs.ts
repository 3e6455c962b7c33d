/** Jobs: what goes beyond single requests. */

import { WaitTimeout } from './errors.js';
import { path, type CallOptions } from './http.js';
import type { BulkAnswer, BulkOptions, Job, JobBulkRequest } from './models.js';
import { JobOperations } from './operations.js';
import { framesOf, Patience } from './stream.js';

/** States that a job does not leave by itself. */
export const FINISHED: ReadonlySet<string> = new Set([
  'COMPLETED',
  'CANCELLED',
  'FAILED',
  'TIMEOUT',
  'NODE_FAIL',
  'PREEMPTED',
  'OUT_OF_MEMORY',
  'BOOT_FAIL',
  'DEADLINE',
]);

/** Ids that the server takes in one request. */
const BULK = 10_000;

export interface WaitOptions extends CallOptions {
  /** Seconds after which `WaitTimeout` is thrown; without it, never. */
  timeout?: number;
  /** Seconds between two looks at first (1); it grows by half each time, */
  interval?: number;
  /** and no further than this (15). */
  maxInterval?: number;
}

export interface FollowOptions extends CallOptions {
  stream?: 'output' | 'error';
  /** Begin with so many of the last lines; by default with all. */
  lines?: number;
}

/** List, submit, look up and change jobs. */
export class Jobs extends JobOperations {
  /** The job when it has ended, however it did: look at its `state`. */
  async wait(jobId: string, options: WaitOptions & { onChange?: (job: Job) => void } = {}): Promise<Job> {
    let seen: string | null = null;
    return waitFor(
      this.http,
      async () => {
        const job = await this.get(jobId, options);
        if (job.state !== seen) options.onChange?.(job);
        seen = job.state;
        return { isDone: FINISHED.has(job.state), value: job, state: `Job ${jobId} is still ${job.state}` };
      },
      options,
    );
  }

  /**
   * What a job writes, as it writes it, until it ends.
   *
   * When the connection breaks, or the server starts anew, it goes on where it was, and nothing is left out or told
   * twice. After a requeue the file begins anew, and so does what is told. An error that a new try would not mend is
   * thrown, and so is any before the first answer.
   */
  async *followOutput(jobId: string, options: FollowOptions = {}): AsyncGenerator<string> {
    const { stream = 'output', lines, ...call } = options;
    const patience = new Patience(this.http, call.signal);
    let place = '';
    let hasBegun = false;
    for (;;) {
      let failure: unknown;
      try {
        const [response] = await this.http.send('GET', path('/v1/jobs/{}/{}', jobId, stream), {
          query: { follow: true, lines },
          headers: { Accept: 'text/event-stream', ...(place === '' ? {} : { 'Last-Event-ID': place }) },
          isStream: true,
          ...call,
        });
        hasBegun = true;
        for await (const frame of framesOf(response)) {
          patience.heard();
          place = frame.id ?? place;
          const { data } = (frame.data === '' ? {} : JSON.parse(frame.data)) as {
            data?: { content?: string; state?: string | null };
          };
          if (data?.content) yield data.content;
          if (frame.name === 'end' && data?.state) return;
        }
      } catch (error) {
        if (!hasBegun) throw error;
        failure = error;
      }
      await patience.after(failure);
    }
  }

  /** Cancel any number of jobs, each with its own result. */
  cancelMany(jobIds: string[], options: BulkOptions = {}, call: CallOptions = {}): Promise<BulkAnswer> {
    return this.#many('cancel', jobIds, options, call);
  }

  /** Hold any number of jobs, each with its own result. */
  holdMany(jobIds: string[], options: BulkOptions = {}, call: CallOptions = {}): Promise<BulkAnswer> {
    return this.#many('hold', jobIds, options, call);
  }

  /** Release any number of jobs, each with its own result. */
  releaseMany(jobIds: string[], call: CallOptions = {}): Promise<BulkAnswer> {
    return this.#many('release', jobIds, {}, call);
  }

  /** Requeue any number of jobs, each with its own result. */
  requeueMany(jobIds: string[], call: CallOptions = {}): Promise<BulkAnswer> {
    return this.#many('requeue', jobIds, {}, call);
  }

  async #many(
    action: JobBulkRequest['action'],
    jobIds: string[],
    options: BulkOptions,
    call: CallOptions,
  ): Promise<BulkAnswer> {
    const asked = Object.values(options).some((one) => one !== undefined) ? { options } : {};
    let whole: BulkAnswer | null = null;
    for (let start = 0; start === 0 || start < jobIds.length; start += BULK) {
      const part = await this.bulk({ action, jobIds: jobIds.slice(start, start + BULK), ...asked }, call);
      if (whole === null) {
        whole = part;
        continue;
      }
      whole.results.push(...part.results);
      whole.summary.total += part.summary.total;
      whole.summary.successful += part.summary.successful;
      whole.summary.failed += part.summary.failed;
    }
    return whole as BulkAnswer;
  }
}

/** Looks until it is done; the state is what a `WaitTimeout` says. */
export async function waitFor<T>(
  http: { sleep: (seconds: number, signal?: AbortSignal) => Promise<void>; now: () => number },
  look: () => Promise<{ isDone: boolean; value: T; state: string }>,
  options: WaitOptions,
): Promise<T> {
  const { timeout, maxInterval = 15, signal } = options;
  let { interval = 1 } = options;
  const deadline = timeout === undefined ? Infinity : http.now() + timeout;
  for (;;) {
    const { isDone, value, state } = await look();
    if (isDone) return value;
    const left = deadline - http.now();
    if (left <= 0) throw new WaitTimeout(`${state} after ${timeout} s`, value);
    await http.sleep(Math.min(interval, left), signal);
    interval = Math.min(maxInterval, interval * 1.5);
  }
}
