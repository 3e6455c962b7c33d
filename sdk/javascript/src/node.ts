/** What only Node can do. Bundlers for browsers take browser.ts instead. */

import type { Fetch } from './settings.js';

/** A `fetch` with a client certificate, which the global one has no place for. */
export function certifiedFetch(tls: { cert?: string; key?: string; ca?: string }): Fetch {
  let agent: import('node:https').Agent | undefined;
  return async (url, init) => {
    const [https, { Readable }] = await Promise.all([import('node:https'), import('node:stream')]);
    agent ??= new https.Agent({ ...tls, keepAlive: true });
    return new Promise((resolve, reject) => {
      const { method, headers, signal } = init;
      const request = https.request(
        url,
        { method, headers: headers as Record<string, string>, agent, ...(signal ? { signal } : {}) },
        (message) => {
          const status = message.statusCode ?? 0;
          const isEmpty = status === 204 || status === 304;
          const body = Readable.toWeb(message) as ReadableStream<Uint8Array>;
          const given = new Headers();
          for (let at = 0; at < message.rawHeaders.length; at += 2) {
            given.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '');
          }
          resolve(new Response(isEmpty ? null : body, { status, headers: given }));
        },
      );
      request.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
      request.end(init.body as string | undefined);
    });
  };
}

/** Writes a stream to a file, whole or not at all; how many bytes it has. */
export async function saveTo(stream: ReadableStream<Uint8Array>, file: string): Promise<number> {
  const { open, rename, rm } = await import('node:fs/promises');
  const part = `${file}.part`;
  const target = await open(part, 'w');
  let size = 0;
  try {
    const reader = stream.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      await target.writeFile(piece.value);
      size += piece.value.length;
    }
    await target.close();
    await rename(part, file);
  } finally {
    await target.close().catch(() => undefined);
    await rm(part, { force: true });
  }
  return size;
}
