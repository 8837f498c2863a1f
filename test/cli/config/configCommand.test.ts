import { expect, test } from 'vitest';
import { CliFolder } from '../../support/cliFolder.ts';

test('the command prints a line for each option, and loads no server', async () => {
  await using folder = new CliFolder();
  const command = folder.verbatim(['config', 'print'], { VERBATIM_LIMITS_MAX_STEPS: '7', OPENAI_API_KEY: 'sk-never-shown' });
  expect(await command.exited).toEqual({ code: 0, signal: null });
  expect(command.stdout).toMatch(/^limits\.maxSteps +7 +VERBATIM_LIMITS_MAX_STEPS$/m);
  expect(command.stdout).toMatch(/^port +3000 +default$/m);
  expect(command.stdout).toMatch(/^agents +assistant +default$/m);
  expect(command.stdout + command.stderr).not.toContain('sk-never-shown');
  const wrong = folder.verbatim(['config', 'print'], { VERBATIM_LIMIT_MAX_STEPS: '7' });
  expect((await wrong.exited).code).toBe(1);
  expect(wrong.stderr).toContain('Did you mean VERBATIM_LIMITS_MAX_STEPS?');
});

test('no log line and no error of a server has a secret in it', async () => {
  await using folder = new CliFolder();
  folder.write(
    'verbatim.config.ts',
    `import { defineAgent, defineConfig, secret } from 'verbatim-agents';
     const key = secret('ACME_KEY');
     const leaky = defineAgent({ description: 'Fails', run: async function* () { throw new Error('refused: key "' + key + '"'); } });
     export default defineConfig({ agents: { leaky }, onStop: () => { throw new Error('cannot log out with ' + key); } });`,
  );
  const keyFile = folder.write('key', 'acme-"quoted"-0123456789\n');
  const { command, url } = await folder.serve([], { ACME_KEY_FILE: keyFile });
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('hello\n');
  await command.output('stderr', /a run failed/);
  command.kill('SIGTERM');
  expect((await command.exited).code).toBe(1);
  expect(command.stderr).toMatch(/refused: key \\"\[ACME_KEY\]\\"/);
  expect(command.stderr).toMatch(/cannot log out with \[ACME_KEY\]/);
  expect(command.stderr).not.toContain('0123456789');
});
