export { S9SClient } from './client.js';
export * from './errors.js';
export { Events, type Event } from './events.js';
export { FINISHED, Jobs, type FollowOptions, type WaitOptions } from './jobs.js';
export type * from './models.js';
export { DEFAULT_POLICY, type Policy } from './policy.js';
export type { CallOptions } from './http.js';
export type { ClientOptions, Fetch } from './settings.js';
export { VERSION } from './version.js';
