/** What JSON can hold: everything that Verbatim stores or sends. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

export type JsonObject = { readonly [key: string]: Json | undefined };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface JsonBounds {
  readonly maxDepth: number;
  /** As JSON, in UTF-8. */
  readonly maxBytes: number;
}

/**
 * Why a value cannot be stored as JSON, or undefined when it can. superjson gives values of any kind, and the same value in many places,
 * itself included: so it counts while it walks, every place anew, and stops at the bounds.
 */
export function jsonProblem(value: unknown, { maxDepth, maxBytes }: JsonBounds): string | undefined {
  const tooLarge = `must have at most ${maxBytes} bytes as JSON`;
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  // Never more than the JSON has: quotes, colons and escapes are left out.
  let bytes = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    bytes += typeof value === 'string' ? value.length : 1;
    if (bytes + open.length > maxBytes) return tooLarge;
    if (!isPlain(value)) return 'must hold only strings, numbers, booleans, null, arrays and objects';
    if (typeof value !== 'object' || value === null) continue;
    if (depth === maxDepth) return `must nest at most ${maxDepth} levels`;
    for (const [key, child] of Object.entries(value)) {
      if (child === undefined) continue;
      // Copied key by key, as many do, it would become the prototype of the copy.
      if (key === '__proto__') return 'must not hold the key "__proto__"';
      if (!Array.isArray(value)) bytes += key.length;
      open.push({ value: child, depth: depth + 1 });
      if (bytes + open.length > maxBytes) return tooLarge;
    }
  }
  if (value === undefined) return undefined;
  return new TextEncoder().encode(JSON.stringify(value)).length > maxBytes ? tooLarge : undefined;
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'string' || typeof value === 'boolean' || value === undefined;
  if (value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Nesting of arrays and objects: a scalar is 0 levels, `{}` is 1, `{ a: [] }` is 2. Does not recurse, so hostile input cannot overflow the stack. */
export function jsonDepth(value: unknown): number {
  let deepest = 0;
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    const depth = next.depth + 1;
    if (depth > deepest) deepest = depth;
    for (const child of Object.values(next.value)) open.push({ value: child, depth });
  }
  return deepest;
}
