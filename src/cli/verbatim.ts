#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ChatFlags } from './chat.ts';
import { explainError } from './explainError.ts';
import { paintFor } from './paint.ts';
import type { ServeFlags } from './serve.ts';

// Each command loads what it needs when it runs: `chat` opens no database, `--help` loads nothing.
const program = new Command('verbatim')
  .description('Durable, resumable conversations with AI agents: a server, a chat, and a demonstration.')
  .version(readVersion(), '-v, --version')
  .configureHelp({ sortOptions: false, showGlobalOptions: false })
  .showHelpAfterError('(verbatim --help lists the commands and their options)');

program
  .command('serve')
  .description('Serve the agents of verbatim.config.{ts,js,mjs}, or one assistant when there is none')
  .option('-c, --config <file>', 'config file; without it, verbatim.config.{ts,js,mjs} in this folder')
  .addOption(new Option('-p, --port <number>', '0 for a free one').env('PORT').default(3000).argParser(parsePort))
  .addOption(new Option('--host <address>', 'other than loopback needs authenticate() in the config').env('HOST').default('127.0.0.1'))
  .addOption(new Option('--db <file>', 'database file, or :memory: (default: the config\'s, else "verbatim.db")').env('VERBATIM_DB'))
  .addOption(
    new Option('--log-level <level>', 'of the log on stderr')
      .env('VERBATIM_LOG_LEVEL')
      .choices(['debug', 'info', 'warn', 'error', 'silent'])
      .default('warn'),
  )
  .addHelpText('after', modelHelp())
  .action(async (flags: ServeFlags) => (await import('./serve.ts')).serve(flags));

program
  .command('chat')
  .description('Talk to an agent: a line is a message, Ctrl-C stops an answer, Ctrl-D ends. Reads lines from a pipe too')
  .addOption(new Option('-u, --url <url>', 'of the server').env('VERBATIM_URL').default('http://127.0.0.1:3000'))
  .addOption(new Option('-t, --token <token>', 'who you are, where the server asks').env('VERBATIM_TOKEN'))
  .option('-a, --agent <name>', "whom to talk to (default: the server's first)")
  .option('--thread <id>', 'go on with this conversation')
  .action(async (flags: ChatFlags) => (await import('./chat.ts')).chat(flags));

program
  .command('demo')
  .description('Kill a server in the middle of an answer, start it again, and count what the reader missed')
  .action(async () => (await import('./demo.ts')).demo());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${paintFor(process.stderr).red('verbatim:')} ${explainError(error)}\n`);
  process.exit(1);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function readVersion(): string {
  // The same file from src/cli and from dist/cli; it is our own.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}

function modelHelp(): string {
  return `
Without a config the agent "assistant" uses OpenAI when OPENAI_API_KEY is set (OPENAI_BASE_URL for any
compatible server, OPENAI_MODEL for the model), else a built-in offline model: try "count to 20".
`;
}
