import { defineAgent, defineTool, type InferApi, offline, openai } from 'verbatim-agents';
import { z } from 'zod';

const ORDERS = new Map([
  ['42', { status: 'on its way', total: 30 }],
  ['43', { status: 'delivered', total: 12 }],
]);

export const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Finds an order by its number',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), total: z.number() }),
  // It changes nothing, so it may run again when a crash left its outcome unknown.
  idempotent: true,
  execute: ({ orderId }) => {
    const order = ORDERS.get(orderId);
    // The model reads what a tool throws, and says it in its own words.
    if (order === undefined) throw new Error(`There is no order ${orderId}.`);
    return order;
  },
});

// The built-in model needs no key and no network. It can count and say what it is, and never calls a tool.
const model = process.env.OPENAI_API_KEY ? openai('gpt-5-mini') : offline();

export const agents = {
  support: defineAgent({
    description: 'Answers questions about orders',
    model,
    instructions: 'You help the customers of a small shop. Look an order up before you say anything about it.',
    tools: [lookupOrder],
  }),
};

/** What clients are typed by. Import it as a type: no line of the server reaches a browser. */
export type Api = InferApi<typeof agents>;
