import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { createServer, type ListenOptions, type LogLevels, type ServerOptions, type VerbatimServer } from '../index.ts';
import { withoutSecrets } from '../server/config/secret.ts';
import { LISTEN_SETTINGS, SERVER_SETTINGS } from '../server/config/settings.ts';
import { keepSources } from '../server/config/settingsReport.ts';
import { optionsOf, readConfig } from './config/effectiveConfig.ts';
import { explainError } from './explainError.ts';
import { paintFor } from './paint.ts';
import { stopOnSignals } from './stopSignals.ts';
import { terminalLogger } from './terminalLogger.ts';

export interface ServeFlags {
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
  /** A file, or `:memory:`. */
  readonly db?: string;
  /** Absent: as the config says. */
  readonly logLevel?: LogLevels;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/**
 * On one core V8's helper threads take turns with the event loop while they mark: measured, it stood still for 20 to 90 ms. Without them each
 * marking takes as much from it in small steps: with 2,000 streams 150 ms, every three seconds, or ten when the heap may double first.
 */
const ONE_CORE_FLAGS = ['--no-concurrent-marking', '--heap-growing-percent=100'] as const;

/** Serves until a signal. stdout gets one line, when clients can connect; everything else goes to stderr. */
export async function serve(flags: ServeFlags): Promise<void> {
  if (availableParallelism() === 1) for (const flag of ONE_CORE_FLAGS) setFlagsFromString(flag);
  const paint = paintFor(process.stderr);
  const note = (text: string): void => void process.stderr.write(`${paint.dim(text)}\n`);
  const {
    config,
    file,
    values,
    note: model,
  } = await readConfig({
    cwd: process.cwd(),
    environment: process.env,
    file: flags.config,
    flags: [
      { path: ['port'], value: flags.port, source: '--port' },
      { path: ['host'], value: flags.host, source: '--host' },
      { path: ['database'], value: flags.db, source: '--db' },
      { path: ['log'], value: flags.logLevel, source: '--log-level' },
      { path: ['tls', 'cert'], value: flags.tlsCert, source: '--tls-cert' },
      { path: ['tls', 'key'], value: flags.tlsKey, source: '--tls-key' },
    ],
  });
  const options = optionsOf<ServerOptions>(config, SERVER_SETTINGS);
  // Whatever is logged, the line must not hold a secret.
  const own = options.logger === undefined ? { logger: await terminalLogger(withoutSecrets) } : undefined;
  const all = { ...options, ...own };
  keepSources(all, values);
  const server = await createServer(all);
  // Without a certificate it is what it is for every program: the terminal has gone.
  if (config.tls !== undefined) process.on('SIGHUP', () => reload(server, note));

  stopOnSignals(
    () => server.close(),
    (signal) => note(`${signal}: closing; what runs goes on at the next start. Once more to end at once.`),
    (error) => process.stderr.write(`${paint.red('verbatim:')} ${explainError(error)}\n`),
  );
  try {
    const { url } = await server.listen(optionsOf<ListenOptions>(config, LISTEN_SETTINGS));
    process.stdout.write(`Verbatim listening on ${url}\n`);
    for (const line of [
      ...(config.console === false ? [] : [`console: ${url}`]),
      file === undefined ? model : `config: ${file}`,
      `database: ${config.database}`,
      `talk to it: npx verbatim-agents chat --url ${url}`,
    ])
      note(`  ${withoutSecrets(line ?? '')}`);
  } catch (error) {
    await server.close();
    throw error;
  }
}

function reload(server: VerbatimServer, note: (text: string) => void): void {
  try {
    server.reloadCertificate();
    note('SIGHUP: the certificate was read anew');
  } catch (error) {
    note(`SIGHUP: ${explainError(error)}`);
  }
}
