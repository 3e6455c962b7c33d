/** Exports: wait for one, and save its file. */

import { path, type CallOptions } from './http.js';
import type { WaitOptions } from './jobs.js';
import type { Export, ExportCreateRequest } from './models.js';
import { saveTo } from './node.js';
import { ExportOperations } from './operations.js';
import { ended } from './work.js';

/** Rows as files. */
export class Exports extends ExportOperations {
  /** The export when it is completed; `WorkFailed` says that it never will be. */
  wait(exportId: string, options: WaitOptions = {}): Promise<Export> {
    return ended(this.http, `Export ${exportId}`, () => this.get(exportId, {}, { signal: options.signal }), options);
  }

  /** Its file as it comes. */
  async stream(exportId: string, call: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const request = { isStream: true, ...call };
    const [response] = await this.http.send('GET', path('/v1/exports/{}/download', exportId), request);
    return response.body ?? new Blob([]).stream();
  }

  /** Its file at a path of this machine, whole or not at all; how many bytes it has. In Node only. */
  async save(exportId: string, file: string, call: CallOptions = {}): Promise<number> {
    return saveTo(await this.stream(exportId, call), file);
  }

  /** Ask for one as `create` does, wait until it is completed, and save its file. In Node only. */
  async run(file: string, request: ExportCreateRequest, options: WaitOptions = {}): Promise<Export> {
    const made = await this.create(request, {}, { signal: options.signal });
    const done = await this.wait(made.exportId, options);
    await this.save(made.exportId, file, { signal: options.signal });
    return done;
  }
}
