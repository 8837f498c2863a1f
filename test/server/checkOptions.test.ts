import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createServer, defineAgent, type ServerOptions } from '../../src/index.ts';
import { createTestServer, scriptedModel } from '../../src/testing/index.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

const bot = defineAgent({ description: 'bot', model: scriptedModel([]) });
const agents = { bot };

const WRONG: readonly (readonly [options: object, message: string])[] = [
  [{ agents, databse: 'file:a.db' }, 'There is no option "databse". Did you mean "database"?'],
  [{ agents, Logger: console }, 'There is no option "Logger". Did you mean "logger"?'],
  [{ agents, models: {} }, 'There is no option "models".'],
  [{ agents, qqqqqqqqqqqq: 1 }, 'There is no option "qqqqqqqqqqqq". There are: agents, database, '],
  [{ agents, toString: 1 }, 'There is no option "toString".'],
  [{ agents, limits: { maxRun: 1 } }, 'There is no limit "maxRun". Did you mean "maxRuns"?'],
  [{ agents, limits: { maxRuns: -1 } }, 'limits.maxRuns must be a number of 0 or more.'],
  [{ agents, limits: { maxRuns: Number.NaN } }, 'limits.maxRuns must be a number of 0 or more.'],
  [{ agents, limits: { maxRuns: '5' } }, 'limits.maxRuns must be a number of 0 or more.'],
  [{ agents, limits: { maxRuns: undefined } }, 'limits.maxRuns must be a number of 0 or more.'],
  [{ agents, tiers: 5 }, '`tiers` must be an object.'],
  [{ agents, tiers: { premium: 60 } }, '`tiers.premium` must be an object.'],
  [{ agents, tiers: { premium: { messagesPerMinut: 60 } } }, 'Did you mean "messagesPerMinute"?'],
  [{ agents, tiers: { premium: { drainMs: 60 } } }, 'tiers.premium.drainMs is not a limit of a tier.'],
  [{ agents, tiers: { premium: { messagesPerHour: -1 } } }, 'tiers.premium.messagesPerHour must be a number of 0 or more.'],
  [{ agents, trustedProxies: '1' }, 'trustedProxies must be a whole number'],
  [{ agents, trustedProxies: 1.5 }, 'trustedProxies must be a whole number'],
  [{ agents, connections: 'replace' }, '`connections` must be an object'],
  [{ agents, connections: { duplicate: 'replace' } }, 'Did you mean "duplicates"?'],
  [{ agents, connections: { duplicates: 'kick' } }, 'connections.duplicates must be one of allow, replace, refuse.'],
  [{}, '`agents` must be an object of agents by name'],
  [{ agents: [bot] }, '`agents` must be an object of agents by name'],
  [{ agents: {} }, '`agents` has no agent.'],
  [{ agents: { bot: { description: 'bot' } } }, 'agents.bot is not an agent.'],
  [{ agents: { bot: null } }, 'agents.bot is not an agent.'],
  [{ agents: { '': bot } }, 'must have 1 to 200 characters'],
  [{ agents: { 'a+b': bot } }, 'no "+": "a+b"'],
  [{ agents: { ['x'.repeat(201)]: bot } }, 'must have 1 to 200 characters'],
];

test.each(WRONG)('%j is CONFIG_INVALID: %s', async (options, message) => {
  const database = join(tempFolder(), 'verbatim.db');
  const starting = createServer({ database, ...options } as ServerOptions);
  await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  expect(existsSync(database)).toBe(false);
});

test('a name of 200 characters is taken, and a limit of 0 or without an end', async () => {
  await (await createServer({ agents: { ['x'.repeat(200)]: bot }, limits: { drainMs: 0, maxRuns: Number.POSITIVE_INFINITY } })).close();
});

test('a test server looks at its options too, its own besides', async () => {
  await expect(createTestServer({ agents, limit: {} } as never)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('Did you mean "limits"?'),
  });
  await using server = await createTestServer({ agents, models: { bot: scriptedModel([]) } });
  expect(server.port).toBeGreaterThan(0);
});
