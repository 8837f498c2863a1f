import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import type { Client } from '../../src/client/index.ts';
import {
  agentTool,
  createServer,
  defineAgent,
  defineTool,
  type InferApi,
  type Json,
  lengthGuard,
  offline,
  openai,
  router,
  type ToolContext,
} from '../../src/index.ts';

// Checked by `npm run check`; nothing here runs. Everything stands where it is used, without a name of its own.

const model = offline();
const schemas = { input: z.object({ id: z.string() }), output: z.object({ status: z.string() }) };

const agents = {
  clerk: defineAgent({
    description: 'Has tools of each kind',
    model,
    tools: [
      defineTool({ name: 'look', description: '', ...schemas, execute: ({ id }) => ({ status: id }) }),
      defineTool({ name: 'wait', description: '', ...schemas, execute: async ({ id }, { callId }) => ({ status: id + callId }) }),
      defineTool({
        name: 'count',
        description: '',
        ...schemas,
        progress: z.number(),
        execute: ({ id }, { progress }) => {
          expectTypeOf(progress).parameter(0).toEqualTypeOf<number>();
          return { status: id };
        },
      }),
      defineTool({ name: 'pick', description: '', input: z.object({}), output: z.enum(['red', 'blue']) }),
      defineTool({
        name: 'pay',
        description: '',
        ...schemas,
        needsApproval: ({ id }) => {
          expectTypeOf(id).toEqualTypeOf<string>();
          return id !== '';
        },
        execute: ({ id }) => ({ status: id }),
      }),
      agentTool(defineAgent({ description: 'Researches', model }), { name: 'research', description: '' }),
    ],
    handoffs: [defineAgent({ description: 'Billing', model })],
    guards: {
      input: [lengthGuard({ maxCodePoints: 100 })],
      output: [{ name: 'own', check: ({ text }) => ({ verdict: text === '' ? 'block' : 'pass' }) }],
    },
  }),
  withContext: defineAgent({
    description: 'Its context has what its tool needs',
    model,
    contextInput: z.object({ plan: z.string() }),
    context: ({ context }) => ({ db: context.plan }),
    instructions: ({ context }) => context.db,
    tools: [
      defineTool({ name: 'ask', description: '', ...schemas, execute: ({ id }) => ({ status: id }) }),
      defineTool({
        name: 'lookup',
        description: '',
        ...schemas,
        execute: ({ id }, { context }: ToolContext<Json, { readonly db: string }>) => ({ status: context.db + id }),
      }),
    ],
  }),
  chosen: defineAgent({
    description: 'Chooses them per run',
    model,
    tools: ({ principal }) =>
      principal.id === '' ? [] : [defineTool({ name: 'ask', description: '', ...schemas, execute: ({ id }) => ({ status: id }) })],
  }),
  routed: router({
    description: 'Routes',
    agents: { a: defineAgent({ description: 'A', model }), b: defineAgent({ description: 'B', model }) },
    model,
  }),
  own: defineAgent({
    description: 'A generator',
    tools: [defineTool({ name: 'look', description: '', ...schemas, execute: ({ id }) => ({ status: id }) })],
    async *run({ principal }) {
      yield { type: 'text.delta', delta: principal.id };
    },
  }),
};

declare const client: Client<InferApi<typeof agents>>;
export async function reads(): Promise<void> {
  const run = await client.send({ agent: 'clerk', text: 'hi' });
  for await (const event of run) {
    if (event.type === 'tool.called' && event.tool === 'look') expectTypeOf(event.input).toEqualTypeOf<{ id: string }>();
    if (event.type === 'tool.progress' && event.tool === 'count') expectTypeOf(event.data).toEqualTypeOf<number>();
  }
}

export const missing = defineAgent({
  description: 'Has not what its tool needs',
  model,
  context: () => ({ database: 1 }),
  tools: [
    // @ts-expect-error the tool needs { db }
    defineTool({
      name: 'lookup',
      description: '',
      ...schemas,
      execute: ({ id }, { context }: ToolContext<Json, { readonly db: string }>) => ({ status: context.db + id }),
    }),
  ],
});

export const served = await createServer({
  agents: {
    bot: defineAgent({
      description: '',
      model: openai('gpt-5-mini'),
      tools: [defineTool({ name: 'look', description: '', ...schemas, execute: ({ id }) => ({ status: id }) })],
    }),
  },
});
