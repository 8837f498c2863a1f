import { agentTool, defineAgent, defineConfig, defineTool, type InferApi } from 'verbatim-agents';
import { scriptedModel } from 'verbatim-agents/testing';
import { z } from 'zod';

const address = z.object({ street: z.string(), city: z.string() }).meta({ id: 'Address', description: 'Where somebody lives' });
const category = z.object({
  name: z.string(),
  get parts() {
    return z.array(category);
  },
});

const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Finds an order by its number',
  input: z.object({
    orderId: z.string().describe('The number, as on the invoice'),
    fields: z
      .array(z.enum(['status', 'total']))
      .min(1)
      .optional(),
    limit: z.int().min(1).default(10),
  }),
  output: z.object({
    status: z.enum(['open', 'sent']),
    total: z.number().nullable(),
    to: address,
    category,
    pair: z.tuple([z.string(), z.number()]),
    counts: z.record(z.string(), z.number()),
    payment: z.discriminatedUnion('by', [
      z.object({ by: z.literal('card'), last4: z.string() }),
      z.object({ by: z.literal('invoice'), due: z.iso.datetime() }),
    ]),
  }),
  progress: z.object({ percent: z.number().min(0).max(100) }),
  execute: (_, { progress }) => {
    progress({ percent: 100 });
    return {
      status: 'sent' as const,
      total: 30,
      to: { street: 'Main Street 1', city: 'Utrecht' },
      category: { name: 'bikes', parts: [] },
      pair: ['a', 1] as [string, number],
      counts: { bike: 1 },
      payment: { by: 'card' as const, last4: '4242' },
    };
  },
});
const refund = defineTool({
  name: 'refund',
  description: 'Refunds an order',
  needsApproval: true,
  input: z.object({ orderId: z.string(), amount: z.number().positive() }),
  output: z.object({ refundId: z.string() }),
  execute: ({ amount }) => ({ refundId: `refund of ${amount}` }),
});
const pickFile = defineTool({
  name: 'pick_file',
  description: 'Asks the user for a file',
  input: z.object({ accept: z.string() }),
  output: z.object({ name: z.string(), size: z.number() }),
});
const counter = defineAgent({ description: 'Counts', model: scriptedModel([{ text: 'Three.' }]) });
const contextInput = z.object({ shop: z.string().describe('For whom it works'), locale: z.string().default('en') });
const billing = defineAgent({ description: 'Knows about money', model: scriptedModel([]), contextInput, tools: [refund] });

export const agents = {
  support: defineAgent({
    description: 'Answers questions about orders',
    model: scriptedModel([
      { toolCalls: [{ name: 'lookup_order', input: { orderId: '42' } }] },
      { toolCalls: [{ name: 'refund', input: { orderId: '42', amount: 30 } }] },
      { toolCalls: [{ name: 'pick_file', input: { accept: 'image/*' } }] },
      { text: 'All done.' },
    ]),
    contextInput,
    handoffs: [billing],
    tools: [lookupOrder, refund, pickFile, agentTool(counter, { name: 'count', description: 'Counts things' })],
  }),
  billing,
  judge: defineAgent({
    description: 'Judges',
    model: scriptedModel([{ text: '{"verdict":"yes","why":"It is so."}' }]),
    output: z.object({ verdict: z.enum(['yes', 'no']), why: z.string() }),
  }),
  chart: defineAgent({
    description: 'Draws',
    data: { points: z.object({ values: z.array(z.number()) }) },
    run: async function* () {
      yield { type: 'data', name: 'points', data: { values: [1, 2] } };
    },
  }),
};

/** What the generated `Api` must be, but for what only a compiler knows of. */
export type Api = InferApi<typeof agents>;

export default defineConfig({ agents });
