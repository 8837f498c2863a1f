import { createHash } from 'node:crypto';

/** What every provider takes. */
const MAX_CHARACTERS = 64;

/**
 * A name that providers accept, from one that a server or an application chose: what they refuse becomes `_`, and one that is too long is
 * cut and ends with a hash of the whole, so that it stays the same from start to start.
 */
export function toolName(name: string): string {
  const clean = name.replace(/[^A-Za-z0-9_-]/g, '_');
  if (clean.length <= MAX_CHARACTERS) return clean;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${clean.slice(0, MAX_CHARACTERS - hash.length - 1)}_${hash}`;
}

/** The first two that would have the same name. */
export function findCollision(names: readonly string[]): readonly [string, string] | undefined {
  const byName = new Map<string, string>();
  for (const name of names) {
    const taken = byName.get(toolName(name));
    if (taken !== undefined) return [taken, name];
    byName.set(toolName(name), name);
  }
  return undefined;
}
