// Against a real server: S9S_API_URL and S9S_API_TOKEN, and in S9S_LIVE_FOLDER room for files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { S9SClient, ResourceConflict, ResourceNotFound, ValidationError, WaitTimeout } from '../dist/esm/index.js';

const client = new S9SClient();
const folder = process.env.S9S_LIVE_FOLDER;
const name = `live-javascript-${process.pid}`;

assert.equal((await client.server.health()).status, 'ok');
assert.equal((await client.auth.whoami()).user, 'alice');

// Submit, wait, read the output; the same key is the same job.
const request = {
  jobName: name,
  script: '#!/bin/sh\necho "hello $GREETED"\n',
  environment: { GREETED: 'from_javascript' },
  workingDirectory: folder,
  standardOutput: `${folder}/%j.out`,
  idempotencyKey: `${name}-1`,
};
const job = await client.jobs.submit(request);
assert.equal((await client.jobs.submit(request)).jobId, job.jobId);
await assert.rejects(client.jobs.submit({ ...request, nodes: 1 }), ResourceConflict);
const states = [];
const ended = await client.jobs.wait(job.jobId, { timeout: 60, interval: 0.2, onChange: (one) => states.push(one.state) });
assert.equal(ended.state, 'COMPLETED');
assert.equal(ended.exitCode, 0);
assert.equal(states.at(-1), 'COMPLETED');
assert.equal((await client.jobs.output(job.jobId, { lines: 5 })).content, 'hello from_javascript\n');

// Lists, page by page.
const ids = [];
for await (const row of client.jobs.iterate({ jobName: name, pageSize: 1 })) ids.push(row.jobId);
assert.deepEqual(ids, [job.jobId]);
assert.ok((await client.nodes.list()).nodes.length > 0);
assert.ok((await client.partitions.list()).partitions.some((one) => one.name === 'normal'));

// Events and output, as they happen.
const events = client.events.subscribe({ channel: 'jobs', jobName: `${name}-live`, snapshot: true });
assert.equal((await events.next()).value.action, 'snapshot');
const live = await client.jobs.submit({
  jobName: `${name}-live`,
  script: '#!/bin/sh\nfor word in one two three; do echo $word; sleep 0.3; done\n',
  workingDirectory: folder,
  standardOutput: `${folder}/%j.out`,
});
let text = '';
for await (const piece of client.jobs.followOutput(live.jobId)) text += piece;
assert.equal(text, 'one\ntwo\nthree\n');
for await (const event of events) {
  assert.equal(event.resourceId, live.jobId);
  if (event.data.state === 'COMPLETED') break;
}

// A file of rows.
const wanted = { type: 'jobs', format: 'csv', filter: { job_name: `${name}-live` }, fields: ['job_id', 'state'] };
const done = await client.exports.run(`${folder}/jobs-javascript.csv`, wanted, { timeout: 60 });
const rows = readFileSync(`${folder}/jobs-javascript.csv`, 'utf8');
assert.deepEqual(rows.split(/\s+/), ['job_id,state', `${live.jobId},COMPLETED`, '']);
assert.equal(done.fileSize, rows.length);

// Changes, one at a time and many.
const held = await client.jobs.submit({ jobName: name, script: 'sleep 600', hold: true, workingDirectory: folder });
await client.jobs.hold(held.jobId, { reason: 'live' });
assert.equal((await client.jobs.get(held.jobId)).holdReason, 'live');
await assert.rejects(client.jobs.wait(held.jobId, { timeout: 0.5, interval: 0.2 }), WaitTimeout);
const many = await client.jobs.cancelMany([held.jobId, job.jobId], { force: true });
assert.deepEqual(many.results.map((one) => one.status), ['success', 'error']);
assert.equal((await client.jobs.wait(held.jobId, { timeout: 60, interval: 0.2 })).state, 'CANCELLED');

// Errors.
await assert.rejects(client.jobs.get('99999999'), (error) => {
  assert.ok(error instanceof ResourceNotFound);
  assert.match(error.message, /Job 99999999 not found \(RESOURCE_NOT_FOUND, request sdk_[0-9a-f]+\)/);
  return true;
});
await assert.rejects(client.jobs.list({ limit: 0 }), ValidationError);
console.log('ok');
