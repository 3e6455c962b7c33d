/** Reports: wait for one, and save its file. */

import { path, type CallOptions } from './http.js';
import type { WaitOptions } from './jobs.js';
import type { Report, ReportCreateRequest } from './models.js';
import { saveTo } from './node.js';
import { ReportOperations } from './operations.js';
import { ended } from './work.js';

/** Reports on how a cluster is used. */
export class Reports extends ReportOperations {
  /** The report when it is completed; `WorkFailed` says that it never will be. */
  wait(reportId: string, options: WaitOptions = {}): Promise<Report> {
    return ended(this.http, `Report ${reportId}`, () => this.get(reportId, {}, { signal: options.signal }), options);
  }

  /** Its file as it comes. */
  async stream(reportId: string, call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const request = { isStream: true, ...call };
    const [response] = await this.http.send('GET', path('/v1/reports/{}/download', reportId), request);
    return response.body ?? new Blob([]).stream();
  }

  /** Its file at a path of this machine, whole or not at all; how many bytes it has. In Node only. */
  async save(reportId: string, file: string, call: CallOptions = {}): Promise<number> {
    return saveTo(await this.stream(reportId, call), file);
  }

  /** Ask for one as `create` does, wait until it is completed, and save its file. In Node only. */
  async run(file: string, request: ReportCreateRequest, options: WaitOptions = {}): Promise<Report> {
    const made = await this.create(request, {}, { signal: options.signal });
    const done = await this.wait(made.reportId, options);
    await this.save(made.reportId, file, { signal: options.signal });
    return done;
  }
}
