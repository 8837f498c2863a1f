import { z } from 'zod';
import type { Agent } from '../../src/agents/agent.ts';
import { agentTool, parallel } from '../../src/agents/childAgents.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { fallback } from '../../src/agents/models/fallback.ts';
import { router } from '../../src/agents/router.ts';
import type { JsonObject } from '../../src/protocol/json.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';

const named = (name: string, steps: Parameters<typeof scriptedModel>[0]) => scriptedModel(steps, { name });

const refund = defineTool({
  name: 'refund',
  description: 'Gives money back for an order that was late, broken or never came. Not for orders older than two years.',
  input: z.object({
    orderId: z.string().describe('The number of the order'),
    amount: z.number().positive().max(500),
    reason: z.enum(['late', 'broken', 'other']),
    items: z.array(z.object({ name: z.string(), count: z.int().min(1) })),
    note: z.string().max(200).optional().describe('What the customer is told'),
  }),
  output: z.object({ refunded: z.number() }),
  needsApproval: ({ amount }) => ({
    reason: `Give ${amount.toFixed(2)} back?`,
    expiresInMs: 12 * 60_000,
    ...(amount > 100 && { role: 'manager' }),
  }),
  execute: ({ amount }) => ({ refunded: amount }),
});

const search = defineTool({
  name: 'search_catalogue',
  description: 'Finds products by words',
  input: z.object({ query: z.string(), inStock: z.boolean().default(true) }),
  output: z.array(z.object({ id: z.string(), title: z.string(), price: z.number() })),
  cache: { ttlMs: 10 * 60_000, scope: 'everyone' },
  retry: { maxAttempts: 3 },
  timeoutMs: 5_000,
  scopes: ['catalogue:read'],
  execute: () => [],
});

const photo = defineTool({
  name: 'take_photo',
  description: 'Asks for a look at the parcel',
  input: z.object({ what: z.string() }),
  output: z.object({ seen: z.string(), damaged: z.boolean() }),
  expiresInMs: 15 * 60_000,
});

export const REFUND = { orderId: '42', amount: 39.9, reason: 'late', items: [{ name: 'Kettle', count: 1 }] };
export const BIG_REFUND = { ...REFUND, orderId: '77', amount: 240, reason: 'broken', items: [{ name: 'Espresso machine', count: 1 }] };

/** A call of `refund` for each of these inputs, each asked for by a message of its own. */
export function shopAgents(inputs: readonly JsonObject[] = [REFUND, BIG_REFUND]) {
  const steps = inputs.map((input) => ({ text: 'A refund is right here.', toolCalls: [{ name: 'refund', input }] }));
  const facts = defineAgent({ description: 'Finds facts about products', model: named('small-1', []) });
  const critic = defineAgent({ description: 'Doubts them', model: named('small-1', []) });
  const billing: Agent = defineAgent({
    description: 'Invoices, refunds and payments',
    model: fallback([named('large-2', steps), named('large-1', []), named('small-1', [])]),
    instructions: 'Be exact with money. Never promise what is not paid yet.',
    tools: [refund, photo],
    contextInput: z.object({ shop: z.string().describe('Which shop the customer wrote to'), language: z.enum(['de', 'en']) }).optional(),
    output: z.object({ answer: z.string(), refunded: z.number().nullable(), followUp: z.array(z.string()) }),
    maxSteps: 12,
    runTimeoutMs: 90_000,
    budget: { maxTokens: 50_000 },
    history: { summarize: { model: named('small-1', []), maxTokens: 8_000 } },
    guards: { input: [{ name: 'personal-data', blocking: true, check: () => ({ verdict: 'pass' as const }) }] },
    handoffs: () => [support],
  });
  const support: Agent = defineAgent({
    description: 'Helps customers of the shop with orders, parcels and everything else',
    model: named('large-2', [{ text: 'Hello' }]),
    tools: [
      search,
      parallel([facts, critic], { name: 'panel', description: 'Asks several at once' }),
      agentTool(billing, { name: 'ask_billing', description: 'Asks billing' }),
    ],
    handoffs: () => [billing, returns],
  });
  const returns: Agent = defineAgent({ description: 'Things that go back', model: () => named('large-1', []), handoffs: () => [support] });
  const desk = router({ description: 'Chooses who answers', agents: { support, billing }, model: named('small-1', []) });
  const report = defineAgent({
    description: 'The report of the day',
    run: async function* () {},
  });
  return { desk, support, billing, returns, facts, critic, report };
}
