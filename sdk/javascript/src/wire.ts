/** Names of the wire (`cpus_per_node`) to those of JavaScript (`cpusPerNode`) and back: the one place. */

import { SHAPES } from './shapes.js';

export const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

type Json = Record<string, unknown>;

function convert(value: unknown, shape: string | undefined, toWire: boolean): unknown {
  if (shape === undefined || shape === '*' || value === null || typeof value !== 'object') return value;
  if (shape.startsWith('[]')) return (value as unknown[]).map((one) => convert(one, shape.slice(2), toWire));
  if (shape.startsWith('{}')) {
    const pairs = Object.entries(value).map(([key, one]) => [key, convert(one, shape.slice(2), toWire)]);
    return Object.fromEntries(pairs);
  }
  const fields = SHAPES[shape] ?? {};
  const made: Json = {};
  for (const [key, one] of Object.entries(value)) {
    if (toWire && one === undefined) continue;
    const wire = toWire ? snake(key) : key;
    made[toWire ? wire : camel(key)] = convert(one, fields[wire], toWire);
  }
  return made;
}

/** A JSON object as the model of that name. */
export const fromWire = <T>(value: unknown, shape: string): T => convert(value, shape, false) as T;
/** A model as a JSON object. */
export const toWire = (value: unknown, shape: string): Json => convert(value, shape, true) as Json;

/** The query string of options; what is undefined is left out, a list is a comma list. */
export function queryOf(options: object): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === null) continue;
    query.append(snake(name), Array.isArray(value) ? value.join(',') : String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
