/** Where the server is and who is calling: options first, then the environment. */

import { S9SError } from './errors.js';
import { DEFAULT_POLICY, type Policy } from './policy.js';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ClientOptions {
  /** `https://api.example.com`; by default `S9S_API_URL` of the environment. */
  baseUrl?: string;
  /** A bearer token; by default `S9S_API_TOKEN`, unless there is another credential. */
  token?: string;
  /** An API key instead. */
  apiKey?: string;
  /** OAuth 2.0 client credentials instead: access tokens are fetched and renewed. */
  clientId?: string;
  clientSecret?: string;
  /** What access tokens may do, `jobs:read jobs:write`; by default all that the client may. */
  scope?: string;
  /** A client certificate and its key (PEM), and who may vouch for the server; in Node only. */
  tls?: { cert?: string; key?: string; ca?: string };
  /** Seconds for each attempt (30). */
  timeout?: number;
  /** Repetitions of a request (3); `Policy` says which. */
  maxRetries?: number;
  /** All of that at once. */
  policy?: Partial<Policy>;
  /** What carries the requests, instead of the global `fetch`. */
  fetch?: Fetch;
}

export interface Settings extends ClientOptions {
  /** Without `/v1`; may end in `/api`. */
  base: string;
  /** Where `/oauth/token` and `/healthz` are. */
  root: string;
  patience: Policy;
}

/** The settings, completed by the environment. */
export function settingsOf(options: ClientOptions): Settings {
  const environment: Record<string, string | undefined> = typeof process === 'undefined' ? {} : process.env;
  const url = (options.baseUrl || environment['S9S_API_URL'] || '').replace(/\/+$/, '');
  if (!/^https?:\/\//.test(url)) {
    throw new S9SError('There is no baseUrl like https://api.example.com, and S9S_API_URL is not set');
  }
  if ((options.clientId === undefined) !== (options.clientSecret === undefined)) {
    throw new S9SError('clientId and clientSecret go together');
  }
  const given = [options.token, options.apiKey, options.clientId].filter((one) => one !== undefined);
  if (given.length > 1) throw new S9SError('Only one of token, apiKey and clientId can be given');
  const settings: Settings = {
    ...options,
    base: url.replace(/\/v1$/, ''),
    root: url.replace(/\/v1$/, '').replace(/\/api$/, ''),
    patience: { ...DEFAULT_POLICY, ...options.policy },
  };
  if (options.timeout !== undefined) settings.patience.timeout = options.timeout;
  if (options.maxRetries !== undefined) settings.patience.maxRetries = options.maxRetries;
  if (given.length === 0 && options.tls?.cert === undefined && environment['S9S_API_TOKEN']) {
    settings.token = environment['S9S_API_TOKEN'];
  }
  return settings;
}
