/** The client: one server, one credential. */

import { Events } from './events.js';
import { Exports } from './exports.js';
import { Http } from './http.js';
import { Jobs } from './jobs.js';
import { Reports } from './reports.js';
import { Resources } from './operations.js';
import { settingsOf, type ClientOptions } from './settings.js';

/**
 * A client of an S9S server.
 *
 *     const client = new S9SClient(); // S9S_API_URL and S9S_API_TOKEN
 *     const job = await client.jobs.submit({ script: '/bin/sleep 60' });
 *     console.log((await client.jobs.wait(job.jobId)).state);
 */
export class S9SClient extends Resources {
  // More than single requests.
  override readonly jobs: Jobs;
  override readonly events: Events;
  override readonly exports: Exports;
  override readonly reports: Reports;

  constructor(options: ClientOptions = {}) {
    const http = new Http(settingsOf(options));
    super(http);
    this.jobs = new Jobs(http);
    this.events = new Events(http);
    this.exports = new Exports(http);
    this.reports = new Reports(http);
  }
}
