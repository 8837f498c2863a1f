import { expect, test } from 'vitest';
import { defineAgent, type ServerOptions } from '../../../src/index.ts';
import { createManualClock, createTestServer, type ScriptedStep, scriptedModel } from '../../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';

checkLeaksAfterwards();

const HOUR_MS = 60 * 60_000;

/** A server at 18:00 UTC whose model answers so often, each time for 100 tokens. */
async function serve(answers: number, options: Partial<ServerOptions>) {
  const step: ScriptedStep = { text: 'ok', usage: { inputTokens: 60, outputTokens: 40 } };
  const model = scriptedModel(Array.from({ length: answers }, () => step));
  const clock = createManualClock(Date.UTC(2026, 0, 1, 18));
  const agents = { bot: defineAgent({ description: 'bot', model }) };
  const server = await createTestServer({ agents, models: { bot: model }, clock, ...options });
  return { server, clock };
}

test.each<[limit: string, options: Partial<ServerOptions>, max: number]>([
  ['tokensPerDay', { limits: { tokensPerDay: 200 } }, 200],
  ['costPerDay', { limits: { costPerDay: 0.02 }, prices: { scripted: { input: 100, output: 100 } } }, 0.02],
])('a principal that has used up its %s sends again after midnight, UTC', async (limit, options, max) => {
  const { server, clock } = await serve(4, options);
  await using _ = server;
  const send = async (principal: string) => {
    const run = await server
      .as(principal)
      .client()
      .send({ agent: 'bot', text: 'go' } as never);
    return (await run.result()).status;
  };
  expect([await send('ann'), await send('ann')]).toEqual(['completed', 'completed']);
  await expect(send('ann')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { limit, max, retryAfterMs: 6 * HOUR_MS } });
  expect(await send('bob')).toBe('completed');
  await clock.advance(6 * HOUR_MS);
  expect(await send('ann')).toBe('completed');
});

test('a tier has a day of its own', async () => {
  const { server } = await serve(3, { limits: { tokensPerDay: 100 }, tiers: { premium: { tokensPerDay: 200 } } });
  await using _ = server;
  const client = server.as({ id: 'pia', roles: ['premium'] }).client();
  const send = async () => (await (await client.send({ agent: 'bot', text: 'go' } as never)).result()).status;
  expect([await send(), await send()]).toEqual(['completed', 'completed']);
  await expect(send()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', details: { limit: 'tokensPerDay', max: 200 } });
  const ann = server.as('ann').client();
  expect((await (await ann.send({ agent: 'bot', text: 'go' } as never)).result()).status).toBe('completed');
});
