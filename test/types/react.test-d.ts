import { createElement } from 'react';
import { expectTypeOf } from 'vitest';
import { z } from 'zod';
import type { Client, Decision } from '../../src/client/index.ts';
import { defineAgent, defineTool, type InferApi, type Model } from '../../src/index.ts';
import { type RegisteredApi, useApprovals, useClient, useRun, useThread, VerbatimProvider } from '../../src/react/index.ts';

declare const model: Model;

const refund = defineTool({
  name: 'refund',
  description: '',
  input: z.object({ amount: z.number() }),
  output: z.object({ paid: z.boolean() }),
  needsApproval: true,
  execute: () => ({ paid: true }),
});
const pick = defineTool({ name: 'pick', description: '', input: z.object({ of: z.string() }), output: z.object({ color: z.string() }) });
const agents = {
  support: defineAgent({ description: '', model, tools: [refund, pick] }),
  tenant: defineAgent({ description: '', model, contextInput: z.object({ tenant: z.string() }) }),
};
type Api = InferApi<typeof agents>;

export function Explicit() {
  const thread = useThread<Api>({ agent: 'support' });
  // @ts-expect-error there is no such agent
  useThread<Api>({ agent: 'nobody' });
  const { approvals } = useApprovals<Api>();
  const { messages } = useRun<Api>('run_1');
  for (const message of thread.messages) {
    expectTypeOf(message.key).toEqualTypeOf<string>();
    if (message.role === 'user') continue;
    for (const call of message.toolCalls) {
      if (call.rejected !== undefined) continue;
      if (call.tool === 'refund') {
        expectTypeOf(call.input).toEqualTypeOf<{ amount: number }>();
        if (call.file === undefined) expectTypeOf(call.output).toEqualTypeOf<{ paid: boolean } | undefined>();
        expectTypeOf(thread.approve(call, { input: { amount: 1 } })).toEqualTypeOf<Promise<Decision>>();
        // @ts-expect-error the amount is a number
        void thread.approve(call, { input: { amount: '1' } });
        // @ts-expect-error the server carries it out
        void thread.submitToolResult(call, { paid: true });
      }
      if (call.tool === 'pick') {
        void thread.submitToolResult(call, { color: 'red' });
        // @ts-expect-error its output is another
        void thread.submitToolResult(call, { colour: 'red' });
      }
      // @ts-expect-error there is no such tool
      if (call.tool === 'nope') void call;
    }
  }
  void thread.send('text');
  void thread.send({ text: 'text', metadata: { a: 1 } });
  void thread.send({ agent: 'tenant', text: 'text', context: { tenant: 'a' } });
  void thread.send({ agents: ['support'], text: 'text' });
  // @ts-expect-error it needs its context
  void thread.send({ agent: 'tenant', text: 'text' });
  // @ts-expect-error there is no such agent
  void thread.send({ agent: 'nobody', text: 'text' });
  // @ts-expect-error the thread is the hook's
  void thread.send({ text: 'text', threadId: 'thread_1' });

  for (const approval of approvals) {
    if (approval.tool === 'refund') expectTypeOf(approval.input).toEqualTypeOf<{ amount: number }>();
    // @ts-expect-error there is no such tool
    if (approval.tool === 'nope') void approval;
  }
  for (const message of messages) {
    if (message.role === 'user') continue;
    for (const call of message.toolCalls)
      if (call.tool === 'refund') expectTypeOf(call.input).toEqualTypeOf<{ amount: number } | undefined>();
  }
}

export function Named() {
  const thread = useThread<Api, 'tenant'>({ agent: 'tenant' });
  void thread.send({ text: 'text', context: { tenant: 'a' } });
  // @ts-expect-error a text alone has no context
  void thread.send('text');
  // @ts-expect-error it needs its context
  void thread.send({ text: 'text' });
  // @ts-expect-error the hook's agent is another
  useThread<Api, 'tenant'>({ agent: 'support' });
}

export function Provided(client: Client<Api>) {
  createElement(VerbatimProvider<Api>, { client });
  expectTypeOf(useClient<Api>()).toEqualTypeOf<Client<Api>>();
}

/** Where nothing is registered, any agent is taken, and everything is Json. */
export function Unregistered() {
  expectTypeOf<keyof RegisteredApi>().toEqualTypeOf<string | number>();
  const thread = useThread({ agent: 'anybody' });
  void thread.send('text');
  void thread.approve('call_1', { input: { a: 1 } });
  void thread.submitToolResult('call_1', { any: ['json'] });
  // @ts-expect-error a function is no Json
  void thread.submitToolResult('call_1', () => {});
}
