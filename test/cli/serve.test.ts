import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CliFolder } from '../support/cliFolder.ts';
import { makeCertificate } from '../support/testCertificate.ts';

const AGENTS = `{ counter: defineAgent({ description: 'Counts', model: offline() }) }`;
const CONFIG = `import { defineAgent, defineConfig, offline } from 'verbatim-agents';\nexport default defineConfig({ agents: ${AGENTS} });\n`;

const agentNames = async (url: string): Promise<string[]> => {
  const answer = (await (await fetch(`${url}/trpc/agents.list`)).json()) as { result: { data: { json: { name: string }[] } } };
  return answer.result.data.json.map(({ name }) => name);
};

test('says where it listens on stdout, and everything else on stderr', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await command.output('stderr', /model: offline/);
  await command.output('stderr', /verbatim-agents chat --url/);
  // The web console is there, where it says.
  const [, address = ''] = await command.output('stderr', /console: (http:\S+)$/m);
  expect(address).toBe(url);
  expect((await fetch(address)).headers.get('content-type')).toContain('text/html');
  expect(await agentNames(url)).toEqual(['assistant']);
  expect(command.stdout).toBe(`Verbatim listening on ${url}\n`);
  expect(existsSync(join(folder.path, 'verbatim.db'))).toBe(true);
});

test('`console: false` serves no console and names no address of one', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve([], { VERBATIM_CONSOLE: 'false' });
  await command.output('stderr', /verbatim-agents chat --url/);
  expect(command.stderr).not.toContain('console:');
  expect((await fetch(url)).status).toBe(404);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it cleanly with exit code 0', async (signal) => {
  await using folder = new CliFolder();
  const { command } = await folder.serve();
  command.kill(signal);
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('a second signal ends it at once', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve([], { VERBATIM_OFFLINE_TPS: '5' });
  // An answer that takes longer than a closing server waits.
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('count to 1000\n');
  await chat.output('stdout', /1 2/);
  command.kill('SIGTERM');
  await command.output('stderr', /SIGTERM: closing/);
  const at = performance.now();
  command.kill('SIGINT');
  expect(await command.exited).toEqual({ code: 130, signal: null });
  expect(performance.now() - at).toBeLessThan(1_000);
});

test('the same signal a moment later, as npm passes a Ctrl-C on, does not end it at once', async () => {
  await using folder = new CliFolder();
  const { command, url } = await folder.serve([], { VERBATIM_OFFLINE_TPS: '5' });
  const chat = folder.verbatim(['chat', '--url', url]);
  chat.write('count to 1000\n');
  await chat.output('stdout', /1 2/);
  command.kill('SIGINT');
  await command.output('stderr', /SIGINT: closing/);
  command.kill('SIGINT');
  expect(await command.exited).toEqual({ code: 0, signal: null });
});

test('flags go before the environment, and the environment before the defaults', async () => {
  await using folder = new CliFolder();
  const env = { PORT: '0', HOST: 'localhost', VERBATIM_DB: 'from-env.db' };
  const command = folder.verbatim(['serve', '--db', 'from-flag.db'], env);
  await command.output('stdout', /^Verbatim listening on http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\d+\n$/);
  expect(existsSync(join(folder.path, 'from-flag.db'))).toBe(true);
  const other = folder.verbatim(['serve'], env);
  await other.output('stdout', /^Verbatim listening/);
  expect(existsSync(join(folder.path, 'from-env.db'))).toBe(true);
});

test.each(['SIGINT', 'SIGTERM'] as const)('npm start builds what it needs and serves, and %s reaches it', async (signal) => {
  await using folder = new CliFolder();
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const command = folder.spawn('npm', ['--prefix', root, 'start'], { PORT: '0', VERBATIM_DB: ':memory:' }, true);
  const [, url = ''] = await command.output('stdout', /^Verbatim listening on (http:\/\/127\.0\.0\.1:\d+)$/m);
  await command.output('stderr', new RegExp(`console: ${url}$`, 'm'));
  command.kill(signal);
  expect((await command.exited).code).toBe(0);
  await expect(fetch(url)).rejects.toThrow();
});

describe('errors are for people', () => {
  const fails = async (args: readonly string[], env: Record<string, string> = {}, folder = new CliFolder()): Promise<string> => {
    await using _ = folder;
    const command = folder.verbatim(['serve', ...args], env);
    expect((await command.exited).code).toBe(1);
    expect(command.stdout).toBe('');
    return command.stderr;
  };

  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    try {
      const said = await fails(['--port', String(port)]);
      expect(said).toContain(`Port ${port} on 127.0.0.1 is taken by another program`);
      expect(said).not.toContain('    at ');
    } finally {
      taken.close();
    }
  });

  test.each(['x', '70000', '-1', '3.5', ''])('the port %j', async (port) => {
    expect(await fails([`--port=${port}`])).toContain('A port is a number from 0 to 65535');
    if (port !== '') expect(await fails([], { PORT: port })).toContain('A port is a number from 0 to 65535');
  });

  test('an address that others reach, without authentication', async () => {
    const said = await fails(['--port', '0', '--host', '0.0.0.0']);
    expect(said).toMatch(/authenticate/);
    expect(said).not.toContain('    at ');
  });

  test('a database that another server has', async () => {
    await using folder = new CliFolder();
    await folder.serve();
    const command = folder.verbatim(['serve', '--port', '0']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toContain('DATABASE_LOCKED');
    expect(command.stderr).toContain('verbatim.db');
  });

  test('VERBATIM_DEBUG shows the stack', async () => {
    expect(await fails(['--config', 'none.ts'], { VERBATIM_DEBUG: '1' })).toContain('    at ');
  });
});

describe('a config', () => {
  test.each(['verbatim.config.ts', 'verbatim.config.js', 'verbatim.config.mjs'])('%s is found by itself', async (name) => {
    await using folder = new CliFolder();
    folder.write(name, CONFIG);
    const { command, url } = await folder.serve();
    expect(await agentNames(url)).toEqual(['counter']);
    await command.output('stderr', new RegExp(`config: .*${name}`));
  });

  test('may be TypeScript with what only TypeScript has, modules of its own and a top-level await', async () => {
    await using folder = new CliFolder();
    folder.write(
      'agents.ts',
      `import { defineAgent, offline, type Model } from 'verbatim-agents';
       enum Kind { Counter = 'counter' }
       const model: Model = await Promise.resolve(offline());
       export const agents = { [Kind.Counter]: defineAgent({ description: 'Counts', model }) } as const;`,
    );
    folder.write(
      'other.config.ts',
      `import { defineConfig } from 'verbatim-agents';\nimport { agents } from './agents.ts';\nexport default defineConfig({ agents } satisfies object);`,
    );
    const { url } = await folder.serve(['--config', 'other.config.ts']);
    expect(await agentNames(url)).toEqual(['counter']);
  });

  test('names the database, which a flag overrides', async () => {
    await using folder = new CliFolder();
    folder.write('verbatim.config.ts', CONFIG.replace('agents:', "database: 'file:own.db', agents:"));
    await folder.serve();
    expect(existsSync(join(folder.path, 'own.db'))).toBe(true);
    await folder.serve(['--db', 'flag.db']);
    expect(existsSync(join(folder.path, 'flag.db'))).toBe(true);
  });

  test('says what to do when the server starts and when it has stopped', async () => {
    await using folder = new CliFolder();
    folder.write(
      'verbatim.config.ts',
      `import { appendFileSync } from 'node:fs';
       import { defineAgent, defineConfig, offline } from 'verbatim-agents';
       const note = async (word: string) => appendFileSync('order.txt', word + '\\n');
       export default defineConfig({ agents: ${AGENTS}, onStart: () => note('started'), onStop: () => note('stopped') });`,
    );
    const { command } = await folder.serve();
    expect(readFileSync(join(folder.path, 'order.txt'), 'utf8')).toBe('started\n');
    command.kill('SIGTERM');
    expect(await command.exited).toEqual({ code: 0, signal: null });
    expect(readFileSync(join(folder.path, 'order.txt'), 'utf8')).toBe('started\nstopped\n');
  });

  test('whose onStart fails ends with its error', async () => {
    await using folder = new CliFolder();
    folder.write('verbatim.config.ts', CONFIG.replace('agents:', "onStart: () => { throw new Error('no pool today'); }, agents:"));
    const command = folder.verbatim(['serve', '--port', '0']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toContain('no pool today');
  });

  test('shares its classes with the server that runs it', async () => {
    await using folder = new CliFolder();
    // An error that is thrown with one copy of the class and caught with another would lose its code.
    folder.write(
      'verbatim.config.ts',
      `import { defineAgent, defineConfig } from 'verbatim-agents';
       import { VerbatimError } from 'verbatim-agents/client';
       const failing = defineAgent({
         description: 'Fails',
         run: async function* () { throw new VerbatimError('MODEL_REFUSED', 'as its author says it'); },
       });
       export default defineConfig({ agents: { failing } });`,
    );
    const { url } = await folder.serve();
    const chat = folder.verbatim(['chat', '--url', url]);
    chat.write('hello\n');
    await chat.output('stderr', /MODEL_REFUSED/);
  });

  test.each([
    ['a syntax error', 'export default { agents: };', /cannot be loaded: .*Unexpected token/s],
    ['a throw', "throw new Error('DATABASE_URL is not set');", /cannot be loaded: DATABASE_URL is not set/],
    ['an import of nothing', "import { x } from './missing.ts';\nexport default x;", /cannot be loaded: .*missing/s],
    ['no default export', 'export const agents = {};', /has no default export/],
    ['no agents', 'export default {};', /"agents" must be an object/],
    ['an empty list of agents', 'export default { agents: {} };', /"agents" has no agent/],
    ['an agent that is none', "export default { agents: { helper: 'x' } };", /agents\.helper is not an agent/],
  ])('with %s is refused by name', async (_, text, problem) => {
    await using folder = new CliFolder();
    const file = folder.write('verbatim.config.ts', text);
    const command = folder.verbatim(['serve', '--port', '0']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toContain(file);
    expect(command.stderr).toMatch(problem);
    expect(command.stderr).toContain('CONFIG_INVALID');
    expect(command.stderr).not.toContain('    at ');
  });

  test('that is not there is refused by name', async () => {
    await using folder = new CliFolder();
    const command = folder.verbatim(['serve', '--config', 'none.ts']);
    expect((await command.exited).code).toBe(1);
    expect(command.stderr).toContain(`There is no config file ${join(folder.path, 'none.ts')}`);
  });
});

test('--help lists the commands, and each its flags and environment', async () => {
  await using folder = new CliFolder();
  const help = folder.verbatim(['--help']);
  expect((await help.exited).code).toBe(0);
  for (const word of ['serve', 'chat', 'demo', '--version']) expect(help.stdout).toContain(word);
  const serve = folder.verbatim(['serve', '--help']);
  await serve.exited;
  for (const word of ['--config', '--port', 'PORT', '--host', 'HOST', '--db', 'VERBATIM_DB', 'OPENAI_API_KEY'])
    expect(serve.stdout).toContain(word);
});

test('with a certificate it serves https, and SIGHUP gives new connections the new one', async () => {
  await using folder = new CliFolder();
  const first = makeCertificate('first');
  const second = makeCertificate('second');
  const flags = ['--tls-cert', folder.write('cert.pem', first.cert), '--tls-key', folder.write('key.pem', first.key)];
  const { command, url } = await folder.serve(flags);
  expect(url).toMatch(/^https:/);
  const shown = async (): Promise<string> => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return String(subject.CN);
  };
  expect(await shown()).toBe('first');
  folder.write('key.pem', second.key);
  folder.write('cert.pem', second.cert);
  command.kill('SIGHUP');
  await command.output('stderr', /SIGHUP: the certificate was read anew/);
  expect(await shown()).toBe('second');
});

test('a certificate without its key is refused, and named', async () => {
  await using folder = new CliFolder();
  const command = folder.verbatim(['serve', '--tls-cert', 'cert.pem']);
  expect((await command.exited).code).toBe(1);
  expect(command.stderr).toContain('--tls-key');
});
