type Random = () => number;

export const pick = <T>(random: Random, of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;

/** Each is wrong in most places, and right in some. None has a word in it that an answer must not have. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  -0,
  1e308,
  2 ** 53,
  4_294_967_295,
  0.5,
  '',
  ' ',
  'a',
  '0',
  '-1',
  'x'.repeat(300),
  'y'.repeat(11_000),
  '../../../../etc/hosts',
  "'; drop table threads; --",
  '"\\u0000',
  '\u0000',
  '\ud800',
  '\u202e\u200f\ufeff',
  '%s%n%00%2e%2e',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  'thr_00000000000000000000000000',
  'run_00000000000000000000000000',
  '1-999999999999',
  [],
  {},
  [[[[]]]],
  { json: {} },
  { length: 1e9 },
  { toString: 1, valueOf: 1 },
  { toJSON: 'x' },
  Array.from({ length: 50 }, () => null),
  Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`k${at}`, at])),
];
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'json',
  'meta',
  '',
  '0',
  'id',
  'x'.repeat(300),
];
const KINDS: readonly unknown[] = [
  'undefined',
  'bigint',
  'Date',
  'Error',
  'regexp',
  'set',
  'map',
  'URL',
  'number',
  'toString',
  ['typed-array', 'Uint8Array'],
  ['class', 'x'],
  ['symbol', 'x'],
  ['custom', 'x'],
  7,
];
const PATHS = [
  'threadId',
  'text',
  'metadata',
  'metadata.a',
  'messages.0',
  'messages.4294967294',
  '__proto__.a',
  'constructor.prototype.a',
  '',
  '\\',
  'a.b.c',
];

const anyValue = (random: Random): unknown => structuredClone(pick(random, VALUES));

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Places of a value: each object or list with one of its keys. */
function placesOf(value: unknown, found: Place[] = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const parent = value as Record<string, unknown>;
  for (const key of Object.keys(parent)) {
    found.push({ parent, key });
    placesOf(parent[key], found);
  }
  return found;
}

/** Changes a value of JSON in one to four places. The given one is left as it is. */
export function mutateValue(random: Random, original: unknown): unknown {
  const value = structuredClone(original);
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const places = placesOf(value);
    if (places.length === 0) return anyValue(random);
    const { parent, key } = pick(random, places);
    switch (Math.floor(random() * 7)) {
      case 0:
        delete parent[key];
        break;
      case 1:
        Object.defineProperty(parent, pick(random, KEYS), {
          value: structuredClone(parent[key]),
          enumerable: true,
          configurable: true,
          writable: true,
        });
        break;
      case 2:
        parent[key] = [parent[key], structuredClone(parent[key])];
        break;
      case 3:
        parent[key] = { [pick(random, KEYS)]: parent[key] };
        break;
      case 4:
        if (typeof parent[key] === 'object' && parent[key] !== null && 'json' in parent[key]) {
          Object.assign(parent[key], { meta: metaOf(random) });
          break;
        }
        parent[key] = anyValue(random);
        break;
      default:
        parent[key] = anyValue(random);
    }
  }
  return value;
}

function metaOf(random: Random): unknown {
  const path = pick(random, PATHS);
  if (random() < 0.5) return { values: { [path]: [pick(random, KINDS)] }, v: 1 };
  return random() < 0.5 ? { values: [pick(random, KINDS)] } : { referentialEqualities: { [path]: [pick(random, PATHS)] } };
}

const PIECES = [
  '"',
  '\\',
  '{',
  '[',
  '}',
  ']',
  ',',
  ':',
  '\u0000',
  '\r\n',
  '\n',
  ' ',
  '%',
  '\ud83d',
  '𝄞',
  'e999',
  '-',
  '//',
  '/*',
  '\u2028',
  '[[[[[[[[',
  '{"a":',
];

/** Changes a text in one to three places. */
export function mutateText(random: Random, text: string): string {
  let changed = text;
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const at = Math.floor(random() * (changed.length + 1));
    const to = Math.min(changed.length, at + Math.floor(random() * 12));
    switch (Math.floor(random() * 5)) {
      case 0:
        changed = changed.slice(0, at) + pick(random, PIECES) + changed.slice(at);
        break;
      case 1:
        changed = changed.slice(0, at) + changed.slice(to);
        break;
      case 2:
        changed = changed.slice(0, at) + changed.slice(at, to).repeat(1 + Math.floor(random() * 20)) + changed.slice(to);
        break;
      case 3:
        changed = changed.slice(0, at);
        break;
      default:
        changed = changed.slice(0, at) + String.fromCharCode(Math.floor(random() * 256)) + changed.slice(at + 1);
    }
  }
  return changed;
}
