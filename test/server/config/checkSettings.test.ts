import { describe, expect, test } from 'vitest';
import { createServer, defineAgent, type ServerOptions } from '../../../src/index.ts';
import { eachSetting, variableOf } from '../../../src/server/config/setting.ts';
import { CONFIG_SETTINGS } from '../../../src/server/config/settings.ts';
import { scriptedModel } from '../../../src/testing/index.ts';

const model = scriptedModel([]);
const agents = { bot: defineAgent({ description: 'bot', model }) };

describe('createServer', () => {
  test.each<[options: object, message: string]>([
    [{ titles: { model, promt: 'x' } }, 'There is no option "titles.promt". Did you mean "prompt"?'],
    [{ titles: { model, timeoutMs: '5' } }, 'titles.timeoutMs must be a number of 0 or more.'],
    [{ prices: { 'gpt-5': { input: 1, outptu: 2 } } }, 'There is no option "prices.gpt-5.outptu". Did you mean "output"?'],
    [{ limits: { __proto__: null, constructor: 1 } }, 'There is no limit "constructor".'],
    [{ limits: 5 }, '`limits` must be an object of options.'],
    [{ limits: [] }, '`limits` must be an object of options.'],
    [{ database: 5 }, 'database must be text.'],
    [{ synchronous: 'full' }, 'synchronous must be one of NORMAL, FULL.'],
    [{ origins: 'https://a.example' }, 'origins must be a list of texts.'],
    [{ hosts: [5] }, 'hosts must be a list of texts.'],
    [{ port: 3000 }, 'There is no option "port".'],
  ])('refuses %j', async (options, message) => {
    // What a program without types may give.
    const starting = createServer({ agents, ...options } as ServerOptions);
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  });

  test('takes an option that is undefined as absent', async () => {
    const options = { agents, database: undefined, origins: undefined, titles: undefined };
    await (await createServer(options as unknown as ServerOptions)).close();
  });
});

test('each setting has a variable of its own, and no alias is another one', () => {
  const names = [...eachSetting(CONFIG_SETTINGS)].flatMap(({ path, setting }) => [
    variableOf(path),
    ...('aliases' in setting ? (setting.aliases ?? []) : []),
  ]);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('VERBATIM_LIMITS_MAX_FILE_BYTES_PER_PRINCIPAL');
  expect(names.filter((name) => name.endsWith('_FILE'))).toEqual([]);
});
