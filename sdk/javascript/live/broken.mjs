// Over connections that break: the output of a job, and events from a number on to another one.
import { S9SClient } from '../dist/esm/index.js';

const { S9S_LIVE_JOB: job, S9S_LIVE_SINCE: since, S9S_LIVE_UNTIL: until } = process.env;
const client = new S9SClient({ policy: { pause: 0.05 } });
let output = '';
for await (const piece of client.jobs.followOutput(job)) output += piece;
const sequences = [];
for await (const event of client.events.subscribe({ channel: 'jobs', since: Number(since) })) {
  sequences.push(event.sequence);
  if (event.sequence >= Number(until)) break;
}
console.log(JSON.stringify({ output, sequences }));
