import { z } from 'zod';
import { defineAgent, defineTool } from '../../src/index.ts';

// Checked by `npm run check`; nothing here runs.

const search = defineTool({
  name: 'search',
  description: 'Searches',
  input: z.object({ query: z.string() }),
  output: z.array(z.string()),
  execute: ({ query }) => [query],
});
const count = defineTool({
  name: 'count',
  description: 'Counts',
  input: z.object({ to: z.number() }),
  output: z.number(),
  execute: ({ to }) => to,
});

/** A generator yields its tools' events as literals, without `as const`. */
export const searching = defineAgent({
  description: 'Searches and cites',
  tools: [search, count],
  data: { citation: z.object({ page: z.number() }) },
  run: async function* ({ text }) {
    yield { type: 'tool.called', callId: 'a', tool: 'search', input: { query: text } };
    yield { type: 'tool.completed', callId: 'a', output: [text] };
    yield { type: 'tool.called', callId: 'b', tool: 'count', input: { to: 3 } };
    yield { type: 'tool.completed', callId: 'b', output: 3 };
    yield { type: 'tool.failed', callId: 'b', error: { message: 'no' } };
    yield { type: 'data', name: 'citation', data: { page: 7 } };
    yield { type: 'text.delta', delta: text };
  },
});

export const wrongTool = defineAgent({
  description: 'Calls what it has not',
  // @ts-expect-error a call of a tool that it has not; the compiler says so at the last overload's `tools`
  tools: [search],
  run: async function* ({ text }) {
    yield { type: 'tool.called', callId: 'a', tool: 'refund', input: { query: text } };
  },
});

export const wrongInput = defineAgent({
  description: 'Calls with the input of another',
  // @ts-expect-error search takes a query
  tools: [search, count],
  run: async function* () {
    yield { type: 'tool.called', callId: 'a', tool: 'search', input: { to: 3 } };
  },
});
