import { expect, test } from 'vitest';
import type { SettingInfo } from '../../src/protocol/accounts.ts';
import { CliFolder } from '../support/cliFolder.ts';

test('a server of the command line tells of each option which flag, variable or file gave it, as `config print` does', async () => {
  await using folder = new CliFolder();
  const env = { VERBATIM_LIMITS_MAX_STEPS: '9' };
  const { url } = await folder.serve(['--db', 'served.db'], env);
  const response = await fetch(`${url}/trpc/admin.settings`);
  const settings: SettingInfo[] = (await response.json()).result.data.json;
  const of = (name: string) => settings.find((setting) => setting.name === name);
  expect(of('limits.maxSteps')).toMatchObject({ value: 9, source: 'VERBATIM_LIMITS_MAX_STEPS' });
  expect(of('database')).toMatchObject({ value: 'served.db', source: '--db' });
  expect(of('host')).toMatchObject({ value: '127.0.0.1', source: 'default' });
  const printed = folder.verbatim(['config', 'print', '--json'], env);
  await printed.exited;
  const { options } = JSON.parse(printed.stdout);
  expect(settings.map(({ name }) => name)).toEqual(Object.keys(options));
  expect(of('limits.maxSteps')).toEqual({ name: 'limits.maxSteps', ...options['limits.maxSteps'] });
});
