import { expect, test } from 'vitest';
import { custom, jwt, password } from '../../../src/index.ts';
import type { JwtOptions } from '../../../src/server/auth/jwt.ts';
import type { Logger } from '../../../src/server/serverOptions.ts';
import { checkLeaksAfterwards } from '../../support/afterTest.ts';
import { startServer } from '../startServer.ts';

checkLeaksAfterwards();

const of = (issuer: string, more: Partial<JwtOptions> = {}) => jwt({ secret: 'x'.repeat(32), issuer, audience: 'a', ...more });

async function warnings(auth: Parameters<typeof startServer>[0] extends { auth?: infer A } | undefined ? A : never): Promise<string[]> {
  const said: string[] = [];
  const note = (_: object, text?: string): void => void said.push(text ?? '');
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note };
  await startServer({ auth, logger });
  return said.filter((text) => text.includes('same `sub`'));
}

test('a server whose issuers may give the same ids warns at its start', async () => {
  expect(await warnings([of('https://a.example'), of('https://b.example'), password()])).toHaveLength(1);
});

test.each([
  ['one issuer', () => [of('https://a.example'), password(), custom(() => undefined)]],
  ['a tenant', () => [of('https://a.example'), of('https://b.example', { tenant: 'b' })]],
  ['a principal', () => [of('https://a.example'), of('https://b.example', { principal: ({ sub }) => ({ id: `b:${String(sub)}` }) })]],
])('%s needs no warning', async (_, methods) => {
  expect(await warnings(methods())).toEqual([]);
});
