/** What JSON can hold: everything that Verbatim stores or sends. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

export type JsonObject = { readonly [key: string]: Json | undefined };

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
