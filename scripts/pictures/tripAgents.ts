import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { agentTool, defineAgent, defineTool, type Json, type Model, type ModelRequest } from '../../src/index.ts';

type Turn = { readonly text: string; readonly toolCalls?: readonly { readonly tool: string; readonly input: Json }[] };

/** A model that says the same each time: the turn after as many tool results as the conversation has since its last question. */
function saying(name: string, turns: readonly Turn[], paceMs: number): Model {
  return {
    name,
    async *stream(request, { signal }) {
      const { text, toolCalls = [] } = turns[resultsIn(request)] ?? { text: 'You are welcome.' };
      await pause(paceMs * 12, undefined, { signal });
      for (const delta of text.match(/\S+\s*/g) ?? []) {
        await pause(paceMs, undefined, { signal });
        yield { type: 'text', delta };
      }
      const calls = toolCalls.map(({ tool, input }) => ({ tool, arguments: JSON.stringify(input) }));
      const usage = { inputTokens: 400 + JSON.stringify(request.messages).length, outputTokens: text.length / 4 + 20 * calls.length };
      yield {
        type: 'finish',
        finish: calls.length > 0 ? 'tool_calls' : 'stop',
        toolCalls: calls,
        usage: { ...usage, outputTokens: Math.round(usage.outputTokens) },
      };
    },
  };
}

/** How many turns of the model there were since the last question. */
function resultsIn({ messages }: ModelRequest): number {
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  return messages.slice(asked).filter(({ role }) => role === 'assistant').length;
}

const CONNECTIONS = [
  { train: 'EC 173', leaves: '08:31', arrives: '15:12', price: 49.9 },
  { train: 'RJ 257', leaves: '10:58', arrives: '17:40', price: 39.9 },
];

const findTrains = defineTool({
  name: 'find_trains',
  description: 'Trains of a day between two cities',
  input: z.object({ from: z.string(), to: z.string(), day: z.string() }),
  output: z.array(z.object({ train: z.string(), leaves: z.string(), arrives: z.string(), price: z.number() })),
  idempotent: true,
  execute: async () => {
    await pause(700);
    return CONNECTIONS;
  },
});

const book = defineTool({
  name: 'book',
  description: 'Books seats',
  input: z.object({ train: z.string(), seats: z.number().int(), price: z.number() }),
  output: z.object({ reservation: z.string() }),
  needsApproval: { reason: 'Book two seats on EC 173 for 99.80?' },
  execute: async () => {
    await pause(400);
    return { reservation: 'QX7-418' };
  },
});

export const QUESTION = 'Two of us want to go from Berlin to Vienna on Friday. Book it, and what should we see?';

const ANSWER = `Done: **two seats on EC 173**, reservation \`QX7-418\`.

| | Berlin | Vienna |
|---|---|---|
| **Friday** | 08:31 | 15:12 |

For the first evening:

1. Walk the *Ringstraße* from the opera to the town hall.
2. Have cake where nobody hurries you: Café Sperl.
3. Stand for Mozart: the opera sells standing places from 15 euros, 80 minutes before it begins.

Shall I look for a hotel near the station?`;

/** Agents for pictures: what each shows is decided here, how it looks by the console. `paceMs` lies between two words. */
export function tripAgents(paceMs: number) {
  const guide = defineAgent({
    description: 'Knows what to see in a city',
    instructions: 'Name three things, none of them obvious.',
    model: saying('city-guide', [{ text: 'The Ringstraße on foot, cake at Café Sperl, and a standing place at the opera.' }], paceMs),
  });
  const trips = defineAgent({
    description: 'Plans trips, and books them',
    instructions: 'Plan trips by train. Ask before you spend money.',
    model: saying(
      'planner-large',
      [
        {
          text: 'I look for trains, and ask the guide meanwhile.',
          toolCalls: [
            { tool: 'find_trains', input: { from: 'Berlin', to: 'Vienna', day: 'Friday' } },
            { tool: 'ask_guide', input: { task: 'An evening in Vienna, for two' } },
          ],
        },
        { text: 'EC 173 is direct and early.', toolCalls: [{ tool: 'book', input: { train: 'EC 173', seats: 2, price: 99.8 } }] },
        { text: ANSWER },
      ],
      paceMs,
    ),
    tools: [findTrains, book, agentTool(guide, { name: 'ask_guide', description: 'Asks who knows the city' })],
  });
  return { trips, guide };
}
