// Who a server says that the client of the given options is.
import { readFileSync } from 'node:fs';

import { S9SClient } from '../dist/esm/index.js';

const { cert_file: cert, ca_file: ca, ...options } = JSON.parse(process.env.S9S_CLIENT);
const pem = (file) => (file === undefined ? undefined : readFileSync(file, 'utf8'));
const client = new S9SClient({
  baseUrl: options.base_url,
  token: options.token,
  apiKey: options.api_key,
  clientId: options.client_id,
  clientSecret: options.client_secret,
  tls: { ca: pem(ca), cert: pem(cert), key: pem(cert) },
});
const me = await client.auth.whoami();
await client.jobs.list({ limit: 1 });
console.log(`${me.user} ${me.credential.kind}`);
