/** What only Node can do, where there is no Node; see node.ts. */

import { S9SError } from './errors.js';
import type { Fetch } from './settings.js';

export function certifiedFetch(_: object): Fetch {
  throw new S9SError('In a browser, certificates are chosen by the browser');
}

export function saveTo(_: object, __: string): Promise<number> {
  throw new S9SError('A browser has no files: take what `stream` or `download` gives');
}
