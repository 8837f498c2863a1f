import type { Page } from 'playwright-core';
import { z } from 'zod';
import { parallel } from '../../src/agents/childAgents.ts';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import type { Client } from '../../src/client/index.ts';
import type { JsonApi } from '../../src/protocol/contract.ts';
import { createTestServer, type TestServer, type TestServerOptions } from '../../src/testing/createTestServer.ts';
import { type ScriptedStep, scriptedModel } from '../../src/testing/scriptedModel.ts';
import { afterTest } from '../support/afterTest.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { openConsole } from './openConsole.ts';

const lookupOrder = defineTool({
  name: 'lookup_order',
  description: 'Find an order by its number',
  input: z.object({ orderId: z.string() }),
  output: z.object({ status: z.string(), items: z.array(z.string()) }),
  execute: ({ orderId }) => {
    if (orderId === '13') throw new Error('There is no order 13');
    return { status: 'shipped', items: ['Kettle', 'Descaler'] };
  },
});

const refund = defineTool({
  name: 'refund',
  description: 'Give money back',
  input: z.object({ orderId: z.string(), amount: z.number() }),
  output: z.object({ refunded: z.number() }),
  needsApproval: { reason: 'Give 39.90 back for order 42?' },
  execute: ({ amount }) => ({ refunded: amount }),
});

export const ANSWER = "It's done: **39.90** are on their way.\n\nThe `Kettle` \\ and “the rest” come by parcel.";

export const STEPS: readonly ScriptedStep[] = [
  {
    reasoning: 'The customer asks for order 42, so I look.',
    text: 'I look it up.',
    chunks: 4,
    delayMs: 25,
    toolCalls: [
      { name: 'lookup_order', input: { orderId: '42' } },
      { name: 'lookup_order', input: { orderId: '13' } },
      { name: 'lookup_order', arguments: '{"orderId": ' },
      { name: 'panel', input: { task: 'When does a kettle boil?' } },
    ],
    usage: { inputTokens: 1_240, outputTokens: 96 },
  },
  { text: 'A refund is right here.', toolCalls: [{ name: 'refund', input: { orderId: '42', amount: 39.9 } }] },
  { text: ANSWER, chunks: 12, delayMs: 20, usage: { inputTokens: 1_810, outputTokens: 48 } },
];

export const QUESTION = 'Where is my order 42?';

export function supportAgents(steps: readonly ScriptedStep[] = STEPS) {
  const facts = defineAgent({ description: 'Finds facts', model: scriptedModel([{ text: 'A kettle boils at 100 °C.', delayMs: 60 }]) });
  const critic = defineAgent({ description: 'Doubts them', model: scriptedModel([{ text: 'At sea level, that is.', delayMs: 90 }]) });
  const panel = parallel([facts, critic], { name: 'panel', description: 'Asks several at once' });
  const support = defineAgent({
    description: 'Helps',
    instructions: 'BE-KIND to everybody.',
    model: scriptedModel(steps),
    tools: [lookupOrder, refund, panel],
  });
  return { support, facts, critic };
}

export async function openServer(options: Partial<TestServerOptions> = {}): Promise<TestServer> {
  expectBuilt();
  const server = await createTestServer({ agents: supportAgents(), prices: { scripted: { input: 2, output: 8 } }, ...options });
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

/** Asks, and approves what is asked. */
export async function runSupport(client: Client<JsonApi>) {
  const run = await client.send({ agent: 'support', text: QUESTION });
  for await (const event of run) if (event.type === 'approval.requested') await run.approve(event.callId);
  return run;
}

/** As this principal, whatever the page asks. */
export async function openAs(
  server: TestServer,
  path: string,
  principal: Parameters<TestServer['as']>[0],
  options?: object,
): Promise<Page> {
  const { page } = await openConsole(server.url, '/account', options);
  await page.evaluate((token) => sessionStorage.setItem('verbatim.token', token), server.as(principal).token);
  await page.goto(new URL(path, server.url).href);
  return page;
}
