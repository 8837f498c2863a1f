import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { parallel } from '../../../src/agents/childAgents.ts';
import { defineAgent } from '../../../src/agents/defineAgent.ts';
import { defineTool } from '../../../src/agents/defineTool.ts';
import { scriptedModel } from '../../../src/testing/scriptedModel.ts';

export const MARKDOWN = `## Delivery of order 42

Your parcel left **Hamburg** this morning. It is *on time*, and \`DHL-4711\` is its number. See [the tracking page](https://example.com/track?id=42).

1. Packed on Monday
2. Handed over on Tuesday
   - by the *night* shift
   - weighed: 2.3 kg
3. Arrives on Thursday

| Item | Count | Price |
| :--- | ----: | ----: |
| Kettle, 1.7 l, stainless steel | 1 | 39.90 |
| Descaler for kettles and coffee machines | 3 | 11.70 |

\`\`\`ts
// how it was found
const order = await orders.find({ id: 42, withParcels: true });
if (order.parcels.length > 1) console.log(\`\${order.parcels.length} parcels\`);
\`\`\`

> Returns are free for 30 days.

- [x] paid
- [ ] delivered`;

export const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Find an order by its number',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), total: z.number(), items: z.array(z.string()) }),
  execute: async ({ orderId }) => {
    // Longer than a frame: a call is timed from when it was seen to begin.
    await setTimeout(100);
    if (orderId === '13') throw new Error('There is no order 13');
    return { status: 'shipped', total: 51.6, items: ['Kettle', 'Descaler'] };
  },
});

export const refund = defineTool({
  name: 'refund',
  description: 'Give money back',
  input: z.object({
    orderId: z.string().describe('The number of the order'),
    amount: z.number(),
    reason: z.enum(['late', 'broken', 'other']),
    notify: z.boolean(),
    items: z.array(z.string()),
    address: z.object({ city: z.string(), zip: z.string().optional() }),
  }),
  output: z.object({ refunded: z.number() }),
  needsApproval: { reason: 'Give 39.90 back for order 42?' },
  execute: ({ amount }) => ({ refunded: amount }),
});

export const REFUND = {
  orderId: '42',
  amount: 39.9,
  reason: 'late',
  notify: true,
  items: ['Kettle'],
  address: { city: 'Hamburg' },
};

export const takePhoto = defineTool({
  name: 'take_photo',
  description: 'Asks for a look at the parcel',
  input: z.object({ what: z.string() }),
  output: z.object({ seen: z.string(), damaged: z.boolean() }),
});

const always = (text: string) => scriptedModel(Array.from({ length: 20 }, () => ({ text })));

/** Agents that are asked at once by the tool `panel`. */
export function createPanel() {
  const agents = {
    facts: defineAgent({ description: 'Finds facts', model: always('A kettle boils at **100 °C**.') }),
    critic: defineAgent({ description: 'Doubts them', model: always('At *sea level*, that is.\n\nOn a mountain it boils sooner.') }),
  };
  return { agents, panel: parallel([agents.facts, agents.critic], { name: 'panel', description: 'Asks several at once' }) };
}
