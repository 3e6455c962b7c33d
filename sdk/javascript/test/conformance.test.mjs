// The cases that the clients of all languages replay; tests/conformance/README.md says what stands in them.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import * as s9s from '../dist/esm/index.js';
import { SHAPES } from '../dist/esm/shapes.js';
import { camel, fromWire, snake } from '../dist/esm/wire.js';

const directory = new URL(process.env.S9S_CONFORMANCE ?? '../../../tests/conformance/', import.meta.url);
delete process.env.S9S_API_URL;
delete process.env.S9S_API_TOKEN;

const pascal = (name) => camel(`_${name}`);
// What a method is given, from names of the wire.
const given = (value, { resource, verb }) =>
  fromWire(value, `${pascal(resource.replace(/s$/, ''))}${pascal(verb === 'run' ? 'create' : verb)}Request`);

// A model as JSON; maps stay as they are.
function plain(value, shape) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((one) => plain(one, shape?.replace(/^\[\]/, '')));
  if (shape === '*') return value;
  const fields = shape === 'Event' ? { data: '*' } : (SHAPES[shape] ?? {});
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [snake(name), plain(one, fields[snake(name)] ?? undefined)]),
  );
}

function includes(got, want, where) {
  if (Array.isArray(want)) {
    assert.equal(got?.length, want.length, where);
    want.forEach((one, index) => includes(got[index], one, `${where}[${index}]`));
  } else if (want !== null && typeof want === 'object') {
    for (const [name, one] of Object.entries(want)) includes(got?.[name] ?? null, one, `${where}.${name}`);
  } else {
    assert.equal(got, want, where);
  }
}

async function replay(one) {
  const said = Object.fromEntries(Object.entries(one.client ?? {}).map(([name, value]) => [camel(name), value]));
  const isOther = said.apiKey !== undefined || said.clientId !== undefined;
  const keys = [];
  const pauses = [];
  let next = 0;
  let now = 1_700_000_000;

  async function answer(url, init) {
    const exchange = one.exchanges[next++];
    assert.ok(exchange, `one request too many: ${init.method} ${url}`);
    const { request, reply } = exchange;
    const address = new URL(url);
    assert.equal(init.method, request.method);
    assert.equal(address.pathname, request.path);
    assert.deepEqual(Object.fromEntries(address.searchParams), request.query ?? {});
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(request.headers ?? {})) {
      if (value === '*') assert.ok(headers.get(name), name);
      else assert.equal(headers.get(name), value, name);
    }
    keys.push(headers.get('idempotency-key'));
    assert.deepEqual(init.body === undefined ? undefined : JSON.parse(init.body), request.body);
    if (reply.fails === 'timeout') throw new DOMException('timed out', 'TimeoutError');
    if (reply.fails === 'connection') throw new TypeError('fetch failed', { cause: new Error('connection refused') });
    return new Response(reply.text ?? JSON.stringify(reply.body), {
      status: reply.status,
      headers: { 'content-type': 'application/json', ...reply.headers },
    });
  }

  const client = new s9s.S9SClient({
    baseUrl: 'https://api.example.com',
    ...(isOther ? {} : { token: 'secret' }),
    ...said,
    policy: { random: () => 1 },
    fetch: answer,
  });
  client.http.now = () => now;
  client.http.sleep = async (seconds) => {
    pauses.push(seconds);
    now += seconds;
  };

  const { resource, verb, path = [], arguments: named } = one.call;
  const options = named === undefined ? [] : [given(named, one.call)];
  const { body, query } = one.exchanges[0].request;
  if (body && query && named) {
    // What is in the body comes first, what is in the query second.
    const pick = (isQuery) => Object.fromEntries(Object.entries(named).filter(([name]) => name in query === isQuery));
    options.splice(0, 1, given(pick(false), one.call), given(pick(true), one.call));
  }
  if (/_many$/.test(verb)) options.splice(0, 1, named.job_ids, given({ ...named, job_ids: undefined }, one.call));
  const file = join(tmpdir(), `s9s-conformance-${process.pid}`);
  const positional = verb === 'run' ? [file] : verb === 'save' ? [...path, file] : path;
  let value;
  let error;
  try {
    value = client[camel(resource)][camel(verb)](...positional, ...options);
    if (typeof value[Symbol.asyncIterator] === 'function') {
      const [source, rows] = [value, []];
      value = rows; // also what came before an error
      for await (const row of source) rows.push(row);
      if (verb === 'follow_output') value = rows.join('');
    }
    value = await value;
    if (verb === 'save') value = readFileSync(file, 'utf8');
    if (value instanceof Uint8Array) value = new TextDecoder().decode(value);
  } catch (raised) {
    error = raised;
  } finally {
    rmSync(file, { force: true });
  }
  assert.equal(next, one.exchanges.length, error?.message);
  if (said.clientId === undefined) for (const key of keys) assert.equal(key, keys[0]);
  if (one.pauses) assert.deepEqual(pauses, one.pauses);
  if (one.error && one.value) includes(plain(value, one.returns), one.value, 'value');
  if (one.error) {
    const { kind, message, ...facts } = one.error;
    assert.ok(error instanceof s9s[kind], `${error?.stack} is no ${kind}`);
    if (message !== undefined) assert.equal(error.sentence ?? error.message, message);
    for (const [name, fact] of Object.entries(facts)) includes(error[camel(name)], fact, name);
    if (facts.request_id) assert.ok(error.message.includes(facts.request_id));
    if (error instanceof s9s.TransportError) assert.match(error.message, /request sdk_/);
    return;
  }
  if (error) throw error;
  includes(plain(value, one.returns), one.value, 'value');
}

if (existsSync(directory)) {
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.json'))) {
    for (const one of JSON.parse(readFileSync(new URL(file, directory), 'utf8'))) {
      test(one.name, () => replay(one));
    }
  }
} else {
  test('conformance', { skip: 'the cases are in the repository, not in the package' }, () => undefined);
}

test('maps keep their names', () => {
  const job = fromWire({ job_id: '1', environment: { MY_VAR: '1' }, resources: { cpu_efficiency: 1 } }, 'Job');
  assert.deepEqual(job, { jobId: '1', environment: { MY_VAR: '1' }, resources: { cpuEfficiency: 1 } });
});
