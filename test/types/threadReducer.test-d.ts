import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import { type AnyEvent, emptyThread, reduceThread, threadReducer } from '../../src/client/index.ts';
import { agentTool, defineAgent, defineTool, type InferApi, type Model } from '../../src/index.ts';

declare const model: Model;

const refund = defineTool({
  name: 'refund',
  description: '',
  input: z.object({ amount: z.number() }),
  output: z.object({ paid: z.boolean() }),
  progress: z.number(),
  execute: () => ({ paid: true }),
});
const look = defineTool({
  name: 'look',
  description: '',
  input: z.object({ at: z.string() }),
  output: z.array(z.string()),
  execute: () => [],
});
const finder = defineAgent({ description: '', model, tools: [look] });
const agents = {
  support: defineAgent({
    description: '',
    model,
    tools: [refund, agentTool(finder, { name: 'find', description: '' })],
    output: z.object({ done: z.boolean() }),
  }),
  cards: defineAgent({
    description: '',
    data: { card: z.object({ title: z.string() }) },
    run: async function* () {},
  }),
};
type Api = InferApi<typeof agents>;

export function show(events: Parameters<ReturnType<typeof threadReducer<Api>>['reduce']>[1][]) {
  const { empty, reduce } = threadReducer<Api>();
  const state = events.reduce(reduce, empty);
  for (const message of state.messages) {
    if (message.role === 'user') continue;
    for (const call of message.toolCalls) {
      if (call.rejected !== undefined) continue;
      if (call.tool === 'refund') {
        expectTypeOf(call.input).toEqualTypeOf<{ amount: number }>();
        expectTypeOf(call.progress).toEqualTypeOf<number | undefined>();
        if (call.file === undefined) expectTypeOf(call.output).toEqualTypeOf<{ paid: boolean } | undefined>();
        else expectTypeOf(call.output).toEqualTypeOf<string>();
      }
      // Of the agent that a tool asks.
      if (call.tool === 'look' && call.file === undefined) expectTypeOf(call.output).toEqualTypeOf<string[] | undefined>();
      // @ts-expect-error no such tool
      if (call.tool === 'nope') void call;
    }
  }
  expectTypeOf(state.data.card).toEqualTypeOf<{ title: string } | undefined>();
  expectTypeOf(state.runs.x?.output).toEqualTypeOf<{ done: boolean } | undefined>();
  // @ts-expect-error no such data part
  void state.data.nope;
}

export const same = (events: AnyEvent[]) => events.reduce(reduceThread, emptyThread);
