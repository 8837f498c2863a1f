import { z } from 'zod';
import { MAX_MEMORY_KEY_LENGTH } from '../protocol/inputs.ts';
import type { Json } from '../protocol/json.ts';
import { defineTool } from './defineTool.ts';
import type { Memory, MemoryScope } from './memory.ts';

export interface MemoryToolOptions<Prefix extends string = string> {
  /** `principal` keeps it for the user, in all threads; `thread` for this conversation. */
  readonly scope: keyof Memory;
  /** Before the names of the tools, where an agent has both: `user_` gives `user_remember`. Default: none. */
  readonly prefix?: Prefix;
}

/** What one answer of `recall` may hold, as JSON: it has to fit into what a model reads. */
const MAX_RECALLED_BYTES = 32 * 1024;

// As our own type: what zod calls JSON would be part of the package's types.
const json = z.json() as z.ZodType<Json>;
const key = z.string().min(1).max(MAX_MEMORY_KEY_LENGTH);
const whose = { principal: 'about the user, for every conversation with them', thread: 'for this conversation' } as const;

/**
 * Three tools by which a model keeps things from run to run: `remember`, `recall` and `forget`. What it keeps is text; `recall` gives back
 * what other tools have kept too.
 */
export function memoryTools<const Prefix extends string = ''>(options: MemoryToolOptions<Prefix>) {
  const { scope } = options;
  const named = <Name extends string>(name: Name) => `${options.prefix ?? ''}${name}` as `${Prefix}${Name}`;
  return [
    defineTool({
      name: named('remember'),
      description: `Keeps something ${whose[scope]}, in the place of what the key had. Use short keys, such as "favourite_colour".`,
      input: z.object({ key, value: z.string() }),
      output: z.object({ remembered: z.boolean() }),
      idempotent: true,
      async execute(entry, { memory }) {
        await memory[scope].set(entry.key, entry.value);
        return { remembered: true };
      },
    }),
    defineTool({
      name: named('recall'),
      description: `Gives back what was kept ${whose[scope]}: the entries whose keys begin with \`prefix\`, or all of them.`,
      input: z.object({ prefix: z.string().max(MAX_MEMORY_KEY_LENGTH).optional() }),
      output: z.object({ entries: z.array(z.object({ key: z.string(), value: json })), more: z.boolean() }),
      idempotent: true,
      execute: ({ prefix }, { memory }) => recall(memory[scope], prefix),
    }),
    defineTool({
      name: named('forget'),
      description: `Removes what was kept ${whose[scope]} under a key.`,
      input: z.object({ key }),
      output: z.object({ forgotten: z.boolean() }),
      idempotent: true,
      async execute(entry, { memory }) {
        await memory[scope].delete(entry.key);
        return { forgotten: true };
      },
    }),
  ] as const;
}

async function recall(memory: MemoryScope, prefix = '') {
  const entries: { key: string; value: Json }[] = [];
  const all = await memory.list({ prefix });
  let bytes = 0;
  for (const { key, value } of all) {
    bytes += Buffer.byteLength(JSON.stringify({ key, value }));
    if (bytes > MAX_RECALLED_BYTES && entries.length > 0) break;
    entries.push({ key, value });
  }
  return { entries, more: entries.length < all.length };
}
