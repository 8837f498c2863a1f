import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OTHER_VARIABLES, readEnvironment } from '../../../src/cli/config/environment.ts';
import type { Settings } from '../../../src/server/config/setting.ts';
import { tempFolder } from '../../db/tempFolder.ts';

const read = (environment: Record<string, string>): Record<string, unknown> =>
  Object.fromEntries(readEnvironment(environment).map(({ path, value }) => [path.join('.'), value]));

test('reads each kind of option, and leaves what is empty', () => {
  expect(
    read({
      VERBATIM_DATABASE: 'file:a.db',
      VERBATIM_PORT: ' 8080 ',
      VERBATIM_SYNCHRONOUS: 'FULL',
      VERBATIM_ORIGINS: 'https://a.example, https://b.example,',
      VERBATIM_LIMITS_MAX_STEPS: '10',
      VERBATIM_LIMITS_MAX_RUNS: 'Infinity',
      VERBATIM_LOG_LEVEL: '',
      PATH: '/bin',
    }),
  ).toEqual({
    database: 'file:a.db',
    port: 8080,
    synchronous: 'FULL',
    origins: ['https://a.example', 'https://b.example'],
    'limits.maxSteps': 10,
    'limits.maxRuns': Number.POSITIVE_INFINITY,
  });
});

test('a name of its own goes before the one that platforms set', () => {
  expect(readEnvironment({ PORT: '1', VERBATIM_PORT: '2' })).toEqual([{ path: ['port'], value: 2, source: 'VERBATIM_PORT' }]);
  expect(readEnvironment({ PORT: '1' })).toEqual([{ path: ['port'], value: 1, source: 'PORT' }]);
  expect(read({ VERBATIM_DB: 'a.db' })).toEqual({ database: 'a.db' });
});

test('with _FILE it is what the file holds, without its last line end', () => {
  const file = join(tempFolder(), 'steps');
  writeFileSync(file, '7\n');
  expect(readEnvironment({ VERBATIM_LIMITS_MAX_STEPS_FILE: file })).toEqual([
    { path: ['limits', 'maxSteps'], value: 7, source: 'VERBATIM_LIMITS_MAX_STEPS_FILE' },
  ]);
  expect(() => read({ VERBATIM_LIMITS_MAX_STEPS_FILE: file, VERBATIM_LIMITS_MAX_STEPS: '8' })).toThrow('are both set');
});

describe('refuses', () => {
  test.each<[environment: Record<string, string>, message: string]>([
    [{ VERBATIM_LIMIT_MAX_STEPS: '1' }, 'There is no setting VERBATIM_LIMIT_MAX_STEPS. Did you mean VERBATIM_LIMITS_MAX_STEPS?'],
    [{ VERBATIM_DATABSE: 'a' }, 'Did you mean VERBATIM_DATABASE?'],
    [{ VERBATIM_XYZZY_QUUX_PLUGH_FROBNICATE: 'a' }, 'docs/configuration.md lists those that there are.'],
    [{ VERBATIM_PORTS_FILE: '/a' }, 'There is no setting VERBATIM_PORTS_FILE.'],
    [{ VERBATIM_AGENTS: 'a' }, 'VERBATIM_AGENTS: `agents` can only be set in the config file.'],
    [{ VERBATIM_PORT: '70000' }, 'VERBATIM_PORT: A port is a number from 0 to 65535.'],
    [{ PORT: '3.5' }, 'PORT: A port is a number from 0 to 65535.'],
    [{ VERBATIM_LIMITS_MAX_STEPS: '-1' }, 'VERBATIM_LIMITS_MAX_STEPS must be a number of 0 or more.'],
    [{ VERBATIM_LIMITS_MAX_STEPS: '1e3' }, 'VERBATIM_LIMITS_MAX_STEPS must be a number of 0 or more.'],
    [{ VERBATIM_SYNCHRONOUS: 'OFF' }, 'VERBATIM_SYNCHRONOUS must be one of NORMAL, FULL.'],
  ])('%j', (environment, message) => {
    expect(() => read(environment)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }));
  });

  test('without the value, which may be a secret in the wrong place', () => {
    expect(() => read({ VERBATIM_PORT: 'sk-live-123456' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('sk-live') }),
    );
  });
});

test('what Kubernetes puts there for a Service named verbatim, or verbatim-db, is not ours', () => {
  expect(
    read({
      VERBATIM_SERVICE_HOST: '10.0.0.1',
      VERBATIM_SERVICE_PORT: '3000',
      VERBATIM_SERVICE_PORT_HTTP: '3000',
      VERBATIM_PORT: 'tcp://10.0.0.1:3000',
      VERBATIM_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
      VERBATIM_PORT_3000_TCP_PROTO: 'tcp',
      VERBATIM_PORT_3000_TCP_PORT: '3000',
      VERBATIM_PORT_3000_TCP_ADDR: '10.0.0.1',
      VERBATIM_DB_SERVICE_HOST: '10.0.0.2',
      VERBATIM_DB_PORT: 'tcp://10.0.0.2:5432',
    }),
  ).toEqual({});
});

test('the variables of other commands are none of a configuration, and are taken', () => {
  expect(read(Object.fromEntries(Object.keys(OTHER_VARIABLES).map((name) => [name, 'x'])))).toEqual({});
});

test('an option of code may have a form as text, and a number may be false for never', () => {
  const settings: Settings = {
    log: { kind: 'code', fromText: (text) => ({ level: text }), aliases: ['VERBATIM_LOG_LEVEL'] },
    retention: { kind: 'group', members: { foldAfterDays: { kind: 'number', orFalse: true } } },
  };
  expect(readEnvironment({ VERBATIM_LOG_LEVEL: 'info', VERBATIM_RETENTION_FOLD_AFTER_DAYS: 'false' }, settings)).toEqual([
    { path: ['log'], value: { level: 'info' }, source: 'VERBATIM_LOG_LEVEL' },
    { path: ['retention', 'foldAfterDays'], value: false, source: 'VERBATIM_RETENTION_FOLD_AFTER_DAYS' },
  ]);
  expect(() => readEnvironment({ VERBATIM_RETENTION_FOLD_AFTER_DAYS: 'no' }, settings)).toThrow('must be a number of 0 or more, or false.');
});

test('two names of one setting that say different things are refused, and two that agree are one', () => {
  expect(() => read({ VERBATIM_DATABASE: 'file:a.db', VERBATIM_DB: 'file:b.db' })).toThrow(
    'VERBATIM_DATABASE and VERBATIM_DB are one setting',
  );
  expect(read({ VERBATIM_DATABASE: 'file:a.db', VERBATIM_DB: 'file:a.db' })).toEqual({ database: 'file:a.db' });
});
