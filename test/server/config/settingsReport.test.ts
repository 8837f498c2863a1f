import { afterEach, expect, test, vi } from 'vitest';
import { createServer, defineAgent, type ServerOptions, secret } from '../../../src/index.ts';
import type { SettingInfo } from '../../../src/protocol/accounts.ts';
import { eachSetting } from '../../../src/server/config/setting.ts';
import { CONFIG_SETTINGS, SERVER_SETTINGS } from '../../../src/server/config/settings.ts';
import { keepSources } from '../../../src/server/config/settingsReport.ts';
import { scriptedModel } from '../../../src/testing/index.ts';
import { afterTest, checkLeaksAfterwards } from '../../support/afterTest.ts';

checkLeaksAfterwards();
afterEach(() => vi.unstubAllEnvs());

async function settingsOf(options: ServerOptions): Promise<ReadonlyMap<string, SettingInfo>> {
  const server = await createServer(options);
  afterTest(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const response = await fetch(`${url}/trpc/admin.settings`);
  const list: SettingInfo[] = (await response.json()).result.data.json;
  return new Map(list.map((setting) => [setting.name, setting]));
}

const agents = { bot: defineAgent({ description: '', model: scriptedModel([]) }) };

test('every option is told with what holds and who gave it, and no secret', async () => {
  vi.stubEnv('THE_SECRET', 'correct-horse-battery');
  const settings = await settingsOf({
    agents,
    limits: { maxSteps: 7 },
    metrics: { token: secret('THE_SECRET') },
    retention: { auditDays: 30 },
  });
  expect([...settings.keys()]).toEqual([...eachSetting(SERVER_SETTINGS)].map(({ path }) => path.join('.')));
  expect(settings.get('agents')).toEqual({ name: 'agents', value: ['bot'], source: 'code' });
  expect(settings.get('database')).toEqual({ name: 'database', value: ':memory:', source: 'default', variable: 'VERBATIM_DATABASE' });
  expect(settings.get('limits.maxSteps')).toEqual({
    name: 'limits.maxSteps',
    value: 7,
    source: 'code',
    variable: 'VERBATIM_LIMITS_MAX_STEPS',
  });
  expect(settings.get('limits.maxToolCalls')).toMatchObject({ value: expect.any(Number), source: 'default' });
  expect(settings.get('retention.auditDays')).toMatchObject({ value: 30, source: 'code' });
  expect(settings.get('synchronous')).toMatchObject({ value: 'NORMAL', source: 'default' });
  expect(settings.get('metrics')).toMatchObject({ value: { token: '(secret)' } });
  expect(settings.get('policy')).toMatchObject({ value: null, source: 'default' });
  const text = JSON.stringify([...settings.values()]);
  expect(text).not.toContain('correct-horse-battery');
});

test('of a server that the command line has started it is told which flag, variable or file gave each', async () => {
  const options = { agents };
  const setting = CONFIG_SETTINGS.port;
  if (setting === undefined) throw new Error('there is a port');
  keepSources(options, [{ path: ['port'], setting, value: 4000, source: '--port' }]);
  expect([...(await settingsOf(options)).values()]).toEqual([{ name: 'port', value: 4000, source: '--port', variable: 'VERBATIM_PORT' }]);
});
