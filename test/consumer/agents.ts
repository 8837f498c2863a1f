import { defineAgent, defineTool, type InferApi, offline } from 'verbatim-agents';
import { scriptedModel } from 'verbatim-agents/testing';
import { z } from 'zod';

export const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Finds an order by its number',
  input: z.object({ orderId: z.string(), note: z.string().optional() }),
  output: z.object({ status: z.string(), total: z.number() }),
  progress: z.object({ percent: z.number() }),
  execute: async ({ orderId }, { progress }) => {
    progress({ percent: 100 });
    return { status: `order ${orderId} is on its way`, total: 30 };
  },
});

export const agents = {
  support: defineAgent({
    description: 'Answers questions about orders',
    model: scriptedModel([{ toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] }, { text: 'Order 42 is on its way.' }]),
    tools: [lookupOrder],
  }),
  plain: defineAgent({ description: 'Counts', model: offline() }),
  tenant: defineAgent({ description: 'Needs to know for whom', model: offline(), contextInput: z.object({ tenant: z.string() }) }),
  steps: defineAgent({
    description: 'Says how far it is',
    data: { progress: z.object({ percent: z.number() }) },
    run: async function* () {
      yield { type: 'data', name: 'progress', data: { percent: 50 } };
    },
  }),
};

export type Api = InferApi<typeof agents>;
