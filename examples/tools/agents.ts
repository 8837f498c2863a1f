import { defineAgent, defineTool, type InferApi, openai } from 'verbatim-agents';
import { z } from 'zod';

const ORDERS: Readonly<Record<string, { readonly status: string; readonly total: number }>> = {
  '42': { status: 'on its way', total: 30 },
};

export const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Finds an order by its number',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), total: z.number() }),
  // It changes nothing, so it may run again when a crash left its outcome unknown.
  idempotent: true,
  execute: ({ orderId }) => {
    const order = ORDERS[orderId];
    // The model reads what a tool throws, and can say it in its own words.
    if (order === undefined) throw new Error(`There is no order ${orderId}.`);
    return order;
  },
});

export const refund = defineTool({
  name: 'refund',
  description: 'Refunds an order',
  input: z.object({ orderId: z.string(), amount: z.number().positive() }),
  output: z.object({ refundId: z.string() }),
  progress: z.object({ stage: z.string() }),
  // Not idempotent: after a crash in the middle the model is told that the outcome is unknown, and nothing is paid twice.
  execute: async ({ orderId }, { callId, principal, progress }) => {
    progress({ stage: `asking the bank for ${principal.id}` });
    return { refundId: `${orderId}-${callId}` };
  },
});

export const agents = {
  support: defineAgent({
    description: 'Answers questions about orders',
    model: openai('gpt-5-mini'),
    // Says for whom a run works: the application gives it with each send.
    contextInput: z.object({ shop: z.string() }),
    instructions: ({ context }) => `You work for ${context.shop}. Look an order up before you refund it.`,
    tools: [lookupOrder, refund],
  }),
};

export type Api = InferApi<typeof agents>;
