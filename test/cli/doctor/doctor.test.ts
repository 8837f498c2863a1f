import { expect, test } from 'vitest';
import { printFindings } from '../../../src/cli/doctor/printFindings.ts';
import { paintFor } from '../../../src/cli/paint.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';

interface Report {
  readonly ok: boolean;
  readonly findings: readonly { readonly check: string; readonly status: string; readonly message: string }[];
}

const CONFIG = (options: string): string =>
  `import { defineAgent, defineConfig, offline, openai, secret } from 'verbatim-agents';
   export default defineConfig({ agents: { helper: defineAgent({ description: 'Helps', model: offline() }) }, ${options} });\n`;

test('where all is well there is a line for each check, and the exit code is 0', async () => {
  await using folder = new CliFolder();
  const doctor = folder.verbatim(['doctor', '--json'], { VERBATIM_PORT: '0' });
  expect((await doctor.exited).code).toBe(0);
  const report: Report = JSON.parse(doctor.stdout);
  expect(report.ok).toBe(true);
  const checks = new Set(report.findings.map(({ check }) => check));
  for (const check of [
    'node',
    'sqlite',
    'descriptors',
    'config',
    'agents',
    'secrets',
    'disk',
    'space',
    'permissions',
    'database',
    'port',
    'providers',
    'clock',
  ])
    expect(checks, check).toContain(check);
});

test('beside a running server it knows that one, and its port', async () => {
  await using folder = new CliFolder();
  const { url } = await folder.serve();
  const doctor = folder.verbatim(['doctor'], { VERBATIM_PORT: new URL(url).port });
  expect((await doctor.exited).code, doctor.stdout).toBe(0);
  expect(doctor.stdout).toMatch(/a server is running on it/);
  expect(doctor.stdout).toMatch(/in use, as it should be/);
});

test('a problem has its remedy, and the exit code is 1; the other checks are made all the same', async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.ts', CONFIG('databse: "x"'));
  const wrong = folder.verbatim(['doctor', '--json']);
  expect((await wrong.exited).code).toBe(1);
  const report: Report = JSON.parse(wrong.stdout);
  expect(report.findings).toContainEqual({
    check: 'config',
    status: 'problem',
    message: 'There is no option "databse".',
    remedy: 'Did you mean "database"?',
  });
  expect(report.findings.some(({ check }) => check === 'clock')).toBe(true);
  const typo = folder.verbatim(['doctor'], { VERBATIM_PROT: '1' });
  expect((await typo.exited).code).toBe(1);
  expect(typo.stdout).toContain('Did you mean VERBATIM_PORT?');
});

test('shows no secret, and warns of a weak one', async () => {
  await using folder = new CliFolder();
  folder.write('verbatim.config.ts', CONFIG(`origins: ['https://' + secret('ORIGIN_KEY')], database: secret('ORIGIN_KEY') + '/none/v.db'`));
  const doctor = folder.verbatim(['doctor'], { ORIGIN_KEY: 'hunter2hunter2' });
  expect((await doctor.exited).code).toBe(1);
  expect(doctor.stdout).toContain('ORIGIN_KEY is weak: it has 14 characters');
  expect(doctor.stdout).toContain('[ORIGIN_KEY]/none');
  expect(doctor.stdout + doctor.stderr).not.toContain('hunter2');
});

test('on a terminal it has colours and keeps to its width; NO_COLOR and a pipe have neither', async () => {
  await using folder = new CliFolder();
  const command = `stty cols 60; "${process.execPath}" "${VERBATIM_COMMAND}" doctor`;
  const env = { TERM: 'xterm', VERBATIM_PORT: '1', VERBATIM_HOST: '192.0.2.1' };
  const plainLines = (text: string): string[] =>
    text
      .split('\u001b[')
      .map((part, at) => (at === 0 ? part : part.replace(/^\d+m/, '')))
      .join('')
      .split(/\r?\n/);
  const terminal = folder.spawn('script', ['-qec', command, '/dev/null'], { ...env, NO_COLOR: undefined });
  expect((await terminal.exited).code).toBe(1);
  expect(terminal.stdout).toContain('\u001b[31mproblem\u001b[39m');
  expect(plainLines(terminal.stdout).filter((line) => line.length > 60 && line.trim().includes(' ') && !/\S{40}/.test(line))).toEqual([]);
  const bare = folder.spawn('script', ['-qec', command, '/dev/null'], { ...env, NO_COLOR: '1' });
  await bare.exited;
  expect(bare.stdout).not.toContain('\u001b[');
  const pipe = folder.verbatim(['doctor'], env);
  await pipe.exited;
  expect(pipe.stdout).not.toContain('\u001b[');
  expect(pipe.stdout).toContain('Choose another with --host or VERBATIM_HOST: 127.0.0.1, or 0.0.0.0 for all.');
});

test('a long line is wrapped between words, under its own column', () => {
  const lines: string[] = [];
  const finding = { check: 'disk', status: 'warning', message: 'one two three four five six seven', remedy: 'eight nine' } as const;
  printFindings([finding], '1.0.0', { paint: paintFor({}), columns: 40, print: (line) => void lines.push(line) });
  expect(lines).toEqual([
    'Verbatim 1.0.0',
    '',
    'warning  disk  one two three four five',
    '               six seven',
    '               eight nine',
    '',
    'no problems, 1 warning',
  ]);
});

test('agents that `serve` refuses are a problem here too', async () => {
  await using folder = new CliFolder();
  folder.write(
    'verbatim.config.ts',
    `import { defineAgent, defineConfig, offline } from 'verbatim-agents';
     const nameless = defineAgent({ description: 'Elsewhere', model: offline() });
     const helper = defineAgent({ description: 'Helps', model: offline(), handoffs: () => [nameless] });
     export default defineConfig({ agents: { helper } });\n`,
  );
  const doctor = folder.verbatim(['doctor', '--json']);
  expect((await doctor.exited).code).toBe(1);
  const said = 'The agent helper hands over to an agent that is not among `agents`';
  const report: Report = JSON.parse(doctor.stdout);
  expect(report.findings).toContainEqual(
    expect.objectContaining({ check: 'config', status: 'problem', message: expect.stringContaining(said) }),
  );
  const serve = folder.verbatim(['serve', '--port', '0']);
  expect((await serve.exited).code).toBe(1);
  expect(serve.stderr).toContain(said);
});
