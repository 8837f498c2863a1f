import type { Json } from '../../protocol/json.ts';
import { knownSecrets, withoutSecrets } from './secret.ts';
import type { Setting } from './setting.ts';

export const HIDDEN = '(secret)';

/** A name that says its value is nobody's business. */
const SECRET_NAME = /secret|token$|password|passphrase|api_?key|private_?key|credential|authorization|cookie/i;
/** What a file of keys holds, whatever it is called: an option may be its path or its text. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** Deeper than any data that is meant to be read. */
const MAX_DEPTH = 5;

/**
 * An option as it may be shown: secrets are hidden by what they are (what `secret()` has read), by the name that they stand under, and in URLs.
 * What is not data is told by a word: `(function)`, `(set)`. Undefined for nothing.
 */
export function shownValue(name: string, setting: Setting, value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  // What a setting shows of its value knows what that is.
  if (setting.kind === 'code' && setting.show !== undefined) return shown(name, setting.show(value as never));
  return shown(name, value);
}

function shown(name: string, value: unknown, depth = 0): Json {
  switch (typeof value) {
    case 'string':
      if (SECRET_NAME.test(name) || PRIVATE_KEY.test(value) || knownSecrets().some((secret) => secret.value === value)) return HIDDEN;
      return withoutSecrets(value);
    case 'number':
      // JSON has no word for it.
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'function':
      return '(function)';
    case 'object':
      if (value === null) return null;
      if (depth === MAX_DEPTH) return '(set)';
      if (Array.isArray(value)) return value.map((item) => shown(name, item, depth + 1));
      if (!isData(value)) return '(set)';
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(key, inner, depth + 1)]));
    default:
      return '(set)';
  }
}

/** An object without behaviour, such as a table of prices. */
function isData(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every((inner) => typeof inner !== 'function');
}
