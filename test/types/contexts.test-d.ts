import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import type { Client, EditInput, MemoryEntry, SentRun } from '../../src/client/index.ts';
import { defineAgent, defineTool, type InferApi, type Json, memoryTools, openai, type ToolContext } from '../../src/index.ts';

// Checked by `npm run check`; nothing here runs.

class Db {
  readonly name = 'db';
  async [Symbol.asyncDispose](): Promise<void> {}
}

const lookup = defineTool({
  name: 'lookup',
  description: 'Looks up',
  input: z.object({ id: z.string() }),
  output: z.string(),
  execute: ({ id }, { context, memory }: ToolContext<Json, { readonly db: Db }>) => {
    expectTypeOf(context.db).toEqualTypeOf<Db>();
    expectTypeOf(memory.principal.get('k')).toEqualTypeOf<Promise<Json | undefined>>();
    return context.db.name + id;
  },
});
const model = openai('gpt-5-mini');

export const fits = defineAgent({
  description: 'Has what its tool needs',
  contextInput: z.object({ plan: z.string() }),
  context: ({ context, principal }) => {
    expectTypeOf(context).toEqualTypeOf<{ plan: string }>();
    expectTypeOf(principal.id).toEqualTypeOf<string>();
    return { db: new Db(), plan: context.plan };
  },
  // The compiler looks at functions in their order: those that take what `context` makes come after it.
  model: ({ context }) => (context.plan === 'pro' ? openai('gpt-5') : model),
  instructions: async ({ context, memory }) => {
    expectTypeOf(context).toEqualTypeOf<{ db: Db; plan: string }>();
    return `${context.plan} ${await memory.thread.get('topic')}`;
  },
  tools: [lookup],
});

export const awaited = defineAgent({
  description: 'Builds it in time',
  model,
  context: async () => ({ db: new Db() }),
  instructions: ({ context }) => context.db.name,
  tools: [lookup],
});

export const otherContext = defineAgent({
  description: 'Has another context than its tool needs',
  model,
  context: () => ({ database: new Db() }),
  // @ts-expect-error the tool needs { db }
  tools: [lookup],
});

export const noContext = defineAgent({
  description: 'Has none',
  model,
  // @ts-expect-error the tool needs { db }
  tools: [lookup],
});

export const chosen = defineAgent({
  description: 'Chooses its tools per run',
  model,
  context: () => ({ database: new Db() }),
  // @ts-expect-error the tool needs { db }
  tools: () => [lookup],
});

export const generator = defineAgent({
  description: 'A generator',
  context: () => ({ db: new Db() }),
  run: async function* ({ context, memory }) {
    expectTypeOf(context).toEqualTypeOf<{ db: Db }>();
    await memory.thread.set('k', { a: [1, null] });
    yield { type: 'text.delta', delta: context.db.name };
  },
});

export const wrongHistory = defineAgent({
  description: 'No such history',
  model,
  // @ts-expect-error no such history
  history: { first: 3 },
});

const tools = [...memoryTools({ scope: 'principal', prefix: 'user_' }), ...memoryTools({ scope: 'thread' })] as const;
const agents = { fits, remembering: defineAgent({ description: 'Remembers', model, tools }) };
type Api = InferApi<typeof agents>;

expectTypeOf<keyof Api['remembering']['tools']>().toEqualTypeOf<
  'user_remember' | 'user_recall' | 'user_forget' | 'remember' | 'recall' | 'forget'
>();
expectTypeOf<Api['remembering']['tools']['user_remember']['input']>().toEqualTypeOf<{ key: string; value: string }>();
expectTypeOf<Api['remembering']['tools']['recall']['output']>().toEqualTypeOf<{ entries: { key: string; value: Json }[]; more: boolean }>();
// @ts-expect-error no such scope
memoryTools({ scope: 'everybody' });

declare const client: Client<Api>;

export async function edits() {
  expectTypeOf(await client.messages.edit({ messageId: 'm', text: 't' })).toEqualTypeOf<SentRun<Api[keyof Api]>>();
  await client.messages.edit({ messageId: 'm', text: 't', agent: 'fits', context: { plan: 'pro' }, idempotencyKey: 'k' });
  // @ts-expect-error this agent needs a context
  await client.messages.edit({ messageId: 'm', text: 't', agent: 'fits' });
  // @ts-expect-error without an agent the context is that of then
  await client.messages.edit({ messageId: 'm', text: 't', context: { plan: 'pro' } });
  // @ts-expect-error no such agent
  const wrong: EditInput<Api> = { messageId: 'm', text: 't', agent: 'nobody' };
  void wrong;
  const run = await client.send({ agent: 'fits', text: 'hi', context: { plan: 'pro' } });
  expectTypeOf(await run.retry()).toEqualTypeOf<SentRun<Api['fits']>>();
  expectTypeOf((await client.memory.list()).items).toEqualTypeOf<readonly MemoryEntry[]>();
  expectTypeOf(await client.memory.delete({ key: 'k' })).toEqualTypeOf<{ readonly deleted: number }>();
}
