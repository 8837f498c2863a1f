#!/usr/bin/env node
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type LogLevels, parseLogLevels } from '../server/telemetry/logLevels.ts';
import { keysCommand, usersCommand } from './accountCommands.ts';
import { addAuditCommands } from './auditCommands.ts';
import { addBackupCommands } from './backupCommands.ts';
import type { ChatFlags } from './chat/chat.ts';
import { completionScript, SHELLS, type Shell } from './completion/completionScript.ts';
import type { PrintConfigFlags } from './config/printConfig.ts';
import type { DoctorFlags } from './doctor/doctor.ts';
import { addExamples } from './examples.ts';
import { explainError } from './explainError.ts';
import type { GenerateFlags } from './generate.ts';
import { addHelpHints } from './helpHints.ts';
import type { InitFlags } from './init.ts';
import { paintFor } from './paint.ts';
import { readVersion } from './readVersion.ts';
import { addRunCommands } from './runs/runCommands.ts';
import type { ServeFlags } from './serve.ts';
import { addThreadCommands } from './threads/threadCommands.ts';

const CHAT_HELP = `
Exit code, of a pipe: 0 when every answer was completed, 1 when one failed or was cut off, or no server is reached, 130 when one was stopped.
What you type is kept in $XDG_STATE_HOME/verbatim/chat_history, for the arrow keys; VERBATIM_HISTORY=off keeps nothing.
`;

// Each command loads what it needs when it runs: `chat` opens no database, `--help` loads nothing.
const program = new Command('verbatim')
  .description('Durable, resumable conversations with AI agents: a server, a chat, and a demonstration.')
  .version(readVersion(), '-v, --version')
  .configureHelp({ sortOptions: false, showGlobalOptions: false });

program
  .command('serve')
  .description('Serve the agents of verbatim.config.{ts,js,mjs}, or one assistant when there is none')
  .option('-c, --config <file>', 'config file; without it, verbatim.config.{ts,js,mjs} in this folder')
  .addOption(new Option('-p, --port <number>', "0 for a free one (default: VERBATIM_PORT, PORT, the config's, 3000)").argParser(parsePort))
  .option(
    '--host <address>',
    "other than loopback needs authentication in the config (default: VERBATIM_HOST, HOST, the config's, 127.0.0.1)",
  )
  .option('--db <file>', 'database file, or :memory: (default: VERBATIM_DATABASE, VERBATIM_DB, the config\'s, "verbatim.db")')
  .option('--tls-cert <file>', 'serve https with this certificate (PEM), read anew when it changes and on SIGHUP')
  .option('--tls-key <file>', 'its private key (PEM)')
  .addOption(
    new Option(
      '--log-level <levels>',
      "of the log on stderr: debug, info, warn, error or silent, and by module: info,run=debug (default: VERBATIM_LOG_LEVEL, the config's, warn)",
    ).argParser(parseLevels),
  )
  .addHelpText('after', modelHelp())
  .action(async (flags: ServeFlags) => (await import('./serve.ts')).serve(flags));

program
  .command('chat')
  .description('Talk to an agent. Ctrl-C stops an answer, Ctrl-D ends, /help lists the rest. In a pipe a line is a message')
  .addOption(new Option('-u, --url <url>', 'of the server').env('VERBATIM_URL').default('http://127.0.0.1:3000'))
  .addOption(new Option('-t, --token <token>', 'who you are, where the server asks').env('VERBATIM_TOKEN'))
  .option('--user <name>', 'log in by name and password, which is asked for, or in VERBATIM_PASSWORD')
  .option('-a, --agent <name>', "whom to talk to (default: the server's first)")
  .option('--thread <id>', 'go on with this conversation')
  .option('--json', 'print each event as a line of JSON on stdout')
  .addHelpText('after', CHAT_HELP)
  .action(async (flags: ChatFlags) => (await import('./chat/chat.ts')).chat(flags));

program
  .command('demo')
  .description('Kill a server in the middle of an answer, start it again, and count what the reader missed')
  .action(async () => (await import('./demo.ts')).demo());

program
  .command('init')
  .description('Make a new project: agents, a server, a client, a page and a test')
  .argument('[folder]', 'a new one, or an empty one', '.')
  .option('--package <spec>', 'of verbatim-agents: a version, a tarball or a folder (default: this version)')
  .option('--install', 'install its packages too')
  .option('--force', 'also into a folder that has files: those of the same names are replaced')
  .action(async (folder: string, flags: InitFlags) => {
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    await (await import('./init.ts')).init(folder, flags, { cwd: process.cwd(), environment: process.env, print });
  });

program
  .command('generate')
  .description('Write a typed client package of the agents, for another repository')
  .option('-c, --config <file>', 'config file; without it, verbatim.config.{ts,js,mjs} in this folder')
  .requiredOption('-o, --out <folder>', 'where the package goes: a new folder, an empty one, or one made before')
  .option('-n, --name <name>', 'of the package (default: the one it has, else "agents-client")')
  .option('--check', 'write nothing; exit with 1 when the package is not what the agents say, and print what changed')
  .addHelpText('after', '\nThe config is loaded, but no server is started and no model, tool or database is touched.')
  .action(async (flags: GenerateFlags) => {
    const { generate } = await import('./generate.ts');
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    const code = await generate(flags, { cwd: process.cwd(), paint: paintFor(process.stdout), print });
    // What the config opened, such as a pool of connections, would keep the process.
    process.stdout.write('', () => process.exit(code));
  });

program.addCommand(keysCommand());
program.addCommand(usersCommand());
addThreadCommands(program);
addRunCommands(program);
addAuditCommands(program);
addBackupCommands(program);

const config = program.command('config').description('Look at the configuration');
config
  .command('print')
  .description('Print the configuration that holds, and where each value comes from. Secrets are hidden. Needs no server and no database')
  .option('-c, --config <file>', 'config file; without it, verbatim.config.{ts,js,mjs} in this folder')
  .option('--json', 'as one JSON object')
  .action(async (flags: PrintConfigFlags) => {
    const { printConfig } = await import('./config/printConfig.ts');
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    await printConfig(flags, { cwd: process.cwd(), environment: process.env, paint: paintFor(process.stdout), print });
    // What the config opened, such as a pool of connections, would keep the process.
    process.stdout.write('', () => process.exit(0));
  });

program
  .command('doctor')
  .description('Look whether a server could run here, or runs well: machine, database, configuration, providers. Reads only')
  .option('-c, --config <file>', 'config file; without it, verbatim.config.{ts,js,mjs} in this folder')
  .option('--db <file>', 'database file (default: as `serve` has it)')
  .option('--json', 'as one JSON object')
  .action(async (flags: DoctorFlags) => {
    const { doctor } = await import('./doctor/doctor.ts');
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    const code = await doctor(flags, {
      cwd: process.cwd(),
      environment: process.env,
      paint: paintFor(process.stdout),
      columns: process.stdout.columns,
      print,
    });
    process.stdout.write('', () => process.exit(code));
  });

program
  .command('completion')
  .description('Print what makes your shell complete commands, options and the ids of a server')
  .addArgument(new Argument('<shell>', 'yours').choices(SHELLS))
  .action((shell: Shell) => void process.stdout.write(completionScript(shell)));

addExamples(program);
addHelpHints(program);

// Whoever reads it, such as `head`, has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
});

try {
  // What a shell asks is about words that are not this command's own.
  if (process.argv[2] === '__complete') await (await import('./completion/complete.ts')).complete(program, process.argv.slice(3));
  else await program.parseAsync();
} catch (error) {
  fail(error);
}

function fail(error: unknown): never {
  process.stderr.write(`${paintFor(process.stderr).red('verbatim:')} ${explainError(error)}\n`);
  process.exit(1);
}

function parseLevels(text: string): LogLevels {
  try {
    return parseLogLevels(text);
  } catch (error) {
    throw new InvalidArgumentError(explainError(error));
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return port;
}

function modelHelp(): string {
  return `
Without a config the agent "assistant" uses OpenAI when OPENAI_API_KEY is set (OPENAI_BASE_URL for any
compatible server, OPENAI_MODEL for the model), else a built-in offline model: try "count to 20".
`;
}
