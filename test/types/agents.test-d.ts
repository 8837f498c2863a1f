import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import {
  type Client,
  emptyThread,
  type FileRef,
  type Json,
  type Message,
  type RunState,
  reduceThread,
  type ThreadState,
} from '../../src/client/index.ts';
import { agentTool, agentTools, defineAgent, defineTool, type InferApi, openai, parallel, router } from '../../src/index.ts';

// Checked by `npm run check`; nothing here runs. From definitions to what a reader of their runs gets: nothing declared is any or unknown.

const model = openai('gpt-5-mini');

const lookup = defineTool({
  name: 'lookup_order',
  description: '',
  input: z.object({ orderId: z.string(), note: z.string().optional() }),
  output: z.object({ total: z.number() }),
  progress: z.object({ percent: z.number() }),
  execute: async ({ orderId }, { progress }) => {
    expectTypeOf(orderId).toEqualTypeOf<string>();
    progress({ percent: 1 });
    // @ts-expect-error not what it declares
    progress({ done: true });
    return { total: 1 };
  },
});
const refund = defineTool({
  name: 'refund',
  description: '',
  input: z.object({ amount: z.number() }),
  output: z.boolean(),
  needsApproval: ({ amount }, { context }) => {
    expectTypeOf(amount).toEqualTypeOf<number>();
    expectTypeOf(context).not.toBeAny();
    return amount > 10;
  },
  execute: () => true,
});
const locate = defineTool({
  name: 'locate',
  description: '',
  input: z.object({ precise: z.boolean() }),
  output: z.object({ lat: z.number(), lon: z.number() }),
});

const researcher = defineAgent({ description: '', model, tools: [lookup], output: z.object({ facts: z.array(z.string()) }) });
const writer = defineAgent({ description: '', model });
const billing = defineAgent({ description: '', model, tools: [refund] });
const support = defineAgent({
  description: '',
  model,
  contextInput: z.object({ locale: z.string() }),
  tools: [
    locate,
    agentTool(researcher, { name: 'research', description: '', input: z.object({ topic: z.string() }), task: ({ topic }) => topic }),
    parallel([researcher, writer], { name: 'everybody', description: '' }),
  ],
  handoffs: [billing],
  output: z.object({ answer: z.string(), steps: z.array(z.object({ title: z.string() })) }),
});
const boss = defineAgent({ description: '', model, tools: agentTools({ researcher, writer }) });
const cards = defineAgent({
  description: '',
  data: { card: z.object({ title: z.string() }), count: z.number() },
  run: async function* () {
    yield { type: 'data', name: 'count', data: 1 };
  },
});
const front = router({ description: '', model, agents: { billing, cards } });
const agents = { researcher, writer, billing, support, boss, cards, front };
type Api = InferApi<typeof agents>;
declare const client: Client<Api>;

interface Facts {
  facts: string[];
}

export async function eventsOfAllItsAgents() {
  const run = await client.send({ agent: 'support', text: 'hi', context: { locale: 'de' } });
  for await (const event of run) {
    expectTypeOf(event).not.toBeAny();
    if (event.type === 'tool.called') {
      expectTypeOf(event.tool).toEqualTypeOf<'locate' | 'research' | 'everybody' | 'lookup_order' | 'refund'>();
      if (event.tool === 'research') expectTypeOf(event.input).toEqualTypeOf<{ topic: string }>();
      if (event.tool === 'everybody') expectTypeOf(event.input).toEqualTypeOf<{ task: string }>();
      // Of the agents that it asks, and of the one that it hands over to.
      if (event.tool === 'lookup_order') expectTypeOf(event.input).toEqualTypeOf<{ orderId: string; note?: string | undefined }>();
      if (event.tool === 'refund') expectTypeOf(event.input).toEqualTypeOf<{ amount: number }>();
    }
    if (event.type === 'tool.progress' && event.tool === 'lookup_order') expectTypeOf(event.data).toEqualTypeOf<{ percent: number }>();
    if (event.type === 'tool.completed') {
      if (event.tool === 'research') expectTypeOf(event.output).toEqualTypeOf<Facts>();
      if (event.tool === 'lookup_order') expectTypeOf(event.output).toEqualTypeOf<{ total: number }>();
      if (event.tool === 'everybody') {
        for (const result of event.output.results) {
          if (result.status === 'completed') expectTypeOf(result.answer).toEqualTypeOf<string | Facts>();
          else expectTypeOf(result.error).toEqualTypeOf<string>();
        }
      }
    }
    if (event.type === 'tool.file') expectTypeOf(event.file).toEqualTypeOf<FileRef>();
    if (event.type === 'approval.requested' && event.tool === 'refund') {
      expectTypeOf(event.input).toEqualTypeOf<{ amount: number }>();
      await run.approve(event, { input: { amount: 5 }, remember: 'run' });
      // @ts-expect-error an edit that the tool does not take
      await run.approve(event, { input: { amount: '5' } });
      // @ts-expect-error no such memory
      await run.approve(event, { remember: 'ever' });
      // @ts-expect-error a rejection has no input
      await run.reject(event, { input: { amount: 5 } });
    }
    if (event.type === 'approval.resolved' && event.tool === 'refund') {
      expectTypeOf(event.input).toEqualTypeOf<{ amount: number } | undefined>();
    }
    if (event.type === 'tool.called' && event.tool === 'locate') {
      await run.submitToolResult(event, { lat: 1, lon: 2 });
      // @ts-expect-error not its output
      await run.submitToolResult(event, { lat: 1 });
    }
    // @ts-expect-error the server carries it out
    if (event.type === 'tool.called' && event.tool === 'refund') await run.submitToolResult(event, true);
    // @ts-expect-error nothing of these agents tells data
    if (event.type === 'data') void event;
    // @ts-expect-error no such tool
    if (event.type === 'tool.called' && event.tool === 'nope') void event;
  }
}

export async function answers() {
  const run = await client.send({ agent: 'support', text: 'hi', context: { locale: 'de' } });
  const result = await run.result();
  if (result.status === 'completed') {
    expectTypeOf(result.output).toEqualTypeOf<{ answer: string; steps: { title: string }[] }>();
  }
  for await (const partial of run.partialOutput()) {
    expectTypeOf(partial).not.toBeAny();
    expectTypeOf(partial.answer).toEqualTypeOf<string | undefined>();
    expectTypeOf(partial.steps?.[0]?.title).toEqualTypeOf<string | undefined>();
    // @ts-expect-error not part of it
    void partial.nope;
  }
  const plain = await (await client.send({ agent: 'writer', text: 'hi' })).result();
  expectTypeOf(plain.output).toEqualTypeOf<undefined>();
}

export async function supervisorsAndRouters() {
  for await (const event of await client.send({ agent: 'boss', text: 'hi' })) {
    if (event.type === 'tool.completed') {
      expectTypeOf(event.tool).toEqualTypeOf<'researcher' | 'writer' | 'lookup_order'>();
      if (event.tool === 'researcher') expectTypeOf(event.output).toEqualTypeOf<Facts>();
      if (event.tool === 'writer') expectTypeOf(event.output).toEqualTypeOf<string>();
    }
  }
  for await (const event of await client.send({ agent: 'front', text: 'hi' })) {
    if (event.type === 'tool.called') expectTypeOf(event.input).toEqualTypeOf<{ amount: number }>();
    if (event.type === 'data' && event.name === 'card') expectTypeOf(event.data).toEqualTypeOf<{ title: string }>();
    if (event.type === 'data' && event.name === 'count') expectTypeOf(event.data).toEqualTypeOf<number>();
  }
}

export async function severalAtOnce() {
  const run = await client.send({ agents: ['researcher', 'billing'], text: 'hi' });
  for await (const event of run) {
    if (event.type === 'tool.called') expectTypeOf(event.tool).toEqualTypeOf<'lookup_order' | 'refund'>();
  }
  // Their answers are in `children`: it has none of its own.
  expectTypeOf((await run.result()).output).toEqualTypeOf<undefined>();
  // @ts-expect-error unknown agent
  await client.send({ agents: ['researcher', 'nobody'], text: 'hi' });
  // @ts-expect-error one or several, not both
  await client.send({ agent: 'researcher', agents: ['writer'], text: 'hi' });
  // @ts-expect-error one of them needs a context
  await client.send({ agents: ['researcher', 'support'], text: 'hi' });
  // @ts-expect-error no such context
  await client.messages.edit({ messageId: 'm', text: 'x', agent: 'support', context: { locale: 1 } });
}

/** The reducer knows no application: what it keeps of one is JSON. */
export function reduced(state: ThreadState, run: RunState) {
  expectTypeOf(emptyThread).toEqualTypeOf<ThreadState>();
  expectTypeOf(reduceThread).returns.toEqualTypeOf<ThreadState>();
  expectTypeOf(state.messages).toEqualTypeOf<readonly Message[]>();
  expectTypeOf(state.data.card).toEqualTypeOf<Json | undefined>();
  expectTypeOf(run.output).toEqualTypeOf<Json | undefined>();
}

/** What JSON cannot carry does not compile, wherever something is declared. */
export function schemasThatAreNotJson() {
  const tool = { name: 't', description: '' } as const;
  const ok = z.object({});
  // @ts-expect-error a date
  defineTool({ ...tool, input: z.object({ at: z.date() }), output: ok, execute: () => ({}) });
  // @ts-expect-error a bigint
  defineTool({ ...tool, input: ok, output: z.bigint(), execute: () => 1n });
  // @ts-expect-error a map
  defineTool({ ...tool, input: ok, output: z.map(z.string(), z.string()), execute: () => new Map() });
  // @ts-expect-error a class
  defineTool({ ...tool, input: ok, output: z.object({ url: z.custom<URL>() }), execute: () => ({ url: new URL('x:y') }) });
  // @ts-expect-error unknown
  defineTool({ ...tool, input: ok, output: z.unknown(), execute: () => 1 });
  // @ts-expect-error progress with a date
  defineTool({ ...tool, input: ok, output: ok, progress: z.date(), execute: () => ({}) });
  // @ts-expect-error a text becomes a number on its way
  defineTool({ ...tool, input: z.object({ n: z.string().transform(Number) }), output: ok, execute: () => ({}) });
  // @ts-expect-error a client-side tool's, too
  defineTool({ ...tool, input: ok, output: z.set(z.string()) });
  // @ts-expect-error an agent tool's, too
  agentTool(writer, { ...tool, input: z.object({ at: z.date() }) });
  // @ts-expect-error and that of several
  parallel([writer], { ...tool, input: z.object({ at: z.date() }) });
  // @ts-expect-error an answer
  defineAgent({ description: '', model, output: z.object({ at: z.date() }) });
  // @ts-expect-error a context
  defineAgent({ description: '', model, contextInput: z.object({ at: z.date() }) });
  // @ts-expect-error a data part
  defineAgent({ description: '', data: { when: z.date() }, run: async function* () {} });
  // Of values that may be left out, and that then are what the schema says, models write what the schema takes.
  defineTool({ ...tool, input: z.object({ limit: z.number().default(10), tag: z.string().optional() }), output: ok, execute: () => ({}) });
}
