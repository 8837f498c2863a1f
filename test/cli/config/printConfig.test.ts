import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/cli/config/effectiveConfig.ts';
import { printConfig } from '../../../src/cli/config/printConfig.ts';
import { paintFor } from '../../../src/cli/paint.ts';
import { tempFolder } from '../../db/tempFolder.ts';

afterEach(() => vi.unstubAllEnvs());

const AGENTS = `agents: { counter: defineAgent({ description: 'Counts', model: offline() }) }`;

function configFolder(options: string): string {
  const folder = tempFolder();
  writeFileSync(
    join(folder, 'verbatim.config.ts'),
    `import { custom, defineAgent, defineConfig, env, offline, secret } from 'verbatim-agents';\nexport default defineConfig({ ${AGENTS}, ${options} });\n`,
  );
  return folder;
}

async function printed(cwd: string, environment: Record<string, string> = {}): Promise<Record<string, { value: unknown; source: string }>> {
  const lines: string[] = [];
  await printConfig({ json: true }, { cwd, environment, paint: paintFor({}), print: (line) => void lines.push(line) });
  return (JSON.parse(lines.join('\n')) as { options: Record<string, { value: unknown; source: string }> }).options;
}

test('a flag goes before the environment, that before the file, and that before the default: for each limit by itself', async () => {
  const cwd = configFolder('port: 1, host: "127.0.0.2", limits: { maxSteps: 1, maxRuns: 1 }');
  const { config, values } = await readConfig({
    cwd,
    environment: { VERBATIM_PORT: '2', VERBATIM_LIMITS_MAX_STEPS: '2', VERBATIM_LIMITS_MAX_DEPTH: '2' },
    flags: [
      { path: ['port'], value: 3, source: '--port' },
      { path: ['host'], value: undefined, source: '--host' },
    ],
  });
  expect(config).toMatchObject({ port: 3, host: '127.0.0.2', database: 'verbatim.db', limits: { maxSteps: 2, maxRuns: 1, maxDepth: 2 } });
  const source = Object.fromEntries(values.map(({ path, source }) => [path.join('.'), source]));
  expect(source).toMatchObject({
    port: '--port',
    host: 'verbatim.config.ts',
    database: 'default',
    agents: 'verbatim.config.ts',
    'limits.maxSteps': 'VERBATIM_LIMITS_MAX_STEPS',
    'limits.maxRuns': 'verbatim.config.ts',
    'limits.maxHandoffs': 'default',
  });
});

test.each([
  ['prot: 5', 'There is no option "prot". Did you mean "port"?'],
  ['limits: { maxStep: 5 }', 'There is no limit "maxStep". Did you mean "maxSteps"?'],
  ['titles: { model: offline(), promt: "" }', 'There is no option "titles.promt". Did you mean "prompt"?'],
  ['port: 70000', 'A port is a number from 0 to 65535.'],
])('a file with %s is refused', async (options, message) => {
  await expect(readConfig({ cwd: configFolder(options), environment: {} })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message });
});

test('secrets are hidden by what they are, by their name and in URLs, and what is no data is told by a word', async () => {
  vi.stubEnv('TEST_ORIGIN', 'https://a-very-secret-origin.example');
  const shown = await printed(
    configFolder(`auth: [custom(() => undefined)], origins: [secret('TEST_ORIGIN'), 'https://ann:pass@b.example'], database: 'a.db',
      onStart: () => {}, prices: { 'gpt-5': { input: 1, output: 2 } }`),
    { VERBATIM_LIMITS_MAX_RUNS: 'Infinity', VERBATIM_HOSTS: 'sk-in-the-wrong-place', OPENAI_API_KEY: 'sk-in-the-wrong-place' },
  );
  expect(shown).toMatchObject({
    agents: { value: ['counter'], source: 'verbatim.config.ts' },
    auth: { value: ['custom'] },
    origins: { value: ['(secret)', 'https://***@b.example'] },
    hosts: { value: ['(secret)'] },
    onStart: { value: '(function)' },
    onStop: { value: null, source: 'default' },
    prices: { value: { 'gpt-5': { input: 1, output: 2 } } },
    'limits.maxRuns': { value: 'Infinity', source: 'VERBATIM_LIMITS_MAX_RUNS', variable: 'VERBATIM_LIMITS_MAX_RUNS' },
  });
  expect(JSON.stringify(shown)).not.toMatch(/very-secret|pass@/);
});

test('a private key is nobody’s business, as text and in whatever option', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----';
  const options = await printed(configFolder(''), { VERBATIM_TLS_KEY: key, VERBATIM_TLS_CERT: 'cert.pem' });
  expect(options['tls.key']?.value).toBe('(secret)');
  expect(options['tls.cert']?.value).toBe('cert.pem');
});
