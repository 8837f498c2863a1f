import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { env, knownSecrets, secret, withoutSecrets } from '../../../src/server/config/secret.ts';
import { tempFolder } from '../../db/tempFolder.ts';

afterEach(() => vi.unstubAllEnvs());

function file(text: string, mode = 0o600): string {
  const path = join(tempFolder(), 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('env', () => {
  test('is the variable, else what the file of NAME_FILE holds, else the fallback', () => {
    vi.stubEnv('TEST_SETTING', 'from the variable');
    expect(env('TEST_SETTING')).toBe('from the variable');
    vi.stubEnv('TEST_SETTING', '');
    vi.stubEnv('TEST_SETTING_FILE', file('from a file\n'));
    expect(env('TEST_SETTING', 'else')).toBe('from a file');
    vi.stubEnv('TEST_SETTING_FILE', '');
    expect(env('TEST_SETTING', 'else')).toBe('else');
    expect(() => env('TEST_SETTING')).toThrow('TEST_SETTING is not set. Set it, or TEST_SETTING_FILE to a file that holds it.');
  });

  test('both at once is refused, and so is a file that is not there, is empty, or is too large', () => {
    vi.stubEnv('TEST_SETTING', 'a');
    vi.stubEnv('TEST_SETTING_FILE', file('b'));
    expect(() => env('TEST_SETTING')).toThrow('TEST_SETTING and TEST_SETTING_FILE are both set');
    vi.stubEnv('TEST_SETTING', undefined);
    vi.stubEnv('TEST_SETTING_FILE', '/nowhere/at/all');
    expect(() => env('TEST_SETTING')).toThrow('TEST_SETTING_FILE names /nowhere/at/all, which is not there.');
    vi.stubEnv('TEST_SETTING_FILE', file('\n'));
    expect(() => env('TEST_SETTING')).toThrow('is empty');
    vi.stubEnv('TEST_SETTING_FILE', file('x'.repeat(64 * 1024)));
    expect(env('TEST_SETTING')).toHaveLength(64 * 1024);
    vi.stubEnv('TEST_SETTING_FILE', file('x'.repeat(64 * 1024 + 1)));
    expect(() => env('TEST_SETTING')).toThrow('too large');
  });
});

describe('secret', () => {
  test('comes from the variable, its file, or a file of its own, in this order', () => {
    const own = file('of its own');
    expect(secret({ env: 'TEST_SECRET', file: own })).toBe('of its own');
    vi.stubEnv('TEST_SECRET_FILE', file('of the variable'));
    expect(secret({ env: 'TEST_SECRET', file: own })).toBe('of the variable');
    vi.stubEnv('TEST_SECRET_FILE', undefined);
    vi.stubEnv('TEST_SECRET', 'the variable');
    expect(secret({ env: 'TEST_SECRET', file: own })).toBe('the variable');
    expect(secret('TEST_SECRET')).toBe('the variable');
  });

  test('that is missing is CONFIG_INVALID and names every way to give it', () => {
    expect(() => secret({ env: 'TEST_SECRET', file: '/run/secrets/test' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: 'A secret is missing: set TEST_SECRET, or TEST_SECRET_FILE to a file that holds it, or make /run/secrets/test.',
      }),
    );
  });

  test('keeps what is inside of a file, such as the lines of a key, and cuts one line end', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n';
    expect(secret({ file: file(`${key}\n`) })).toBe(key);
  });
});

describe('withoutSecrets', () => {
  test('takes a secret out of a text as it is, as JSON and as a URL has it, and names it', () => {
    vi.stubEnv('TEST_TOKEN', 'p"q/r s\nt&u');
    const value = secret('TEST_TOKEN');
    const said = `${value} | ${JSON.stringify({ value })} | https://a.example/?t=${encodeURIComponent(value)}`;
    expect(withoutSecrets(said)).toBe('[TEST_TOKEN] | {"value":"[TEST_TOKEN]"} | https://a.example/?t=[TEST_TOKEN]');
    expect(knownSecrets()).toContainEqual({ name: 'TEST_TOKEN', value, file: undefined });
  });

  test('takes the longer of two first, and leaves alone what is too short to be told from a word', () => {
    vi.stubEnv('TEST_LONG', 'abcdef-ghijkl');
    vi.stubEnv('TEST_PART', 'abcdef');
    vi.stubEnv('TEST_SHORT', 'ann');
    for (const name of ['TEST_PART', 'TEST_LONG', 'TEST_SHORT']) secret(name);
    expect(withoutSecrets('abcdef-ghijkl abcdef annual')).toBe('[TEST_LONG] [TEST_PART] annual');
  });

  test('takes out who is in a URL', () => {
    expect(withoutSecrets('redis://ann:pass@cache:6379/0 and postgres://bob@db')).toBe('redis://***@cache:6379/0 and postgres://***@db');
    expect(withoutSecrets('mail ann@example.org, see https://example.org/@ann')).toBe('mail ann@example.org, see https://example.org/@ann');
  });
});
