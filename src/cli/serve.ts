import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { createServer, type LogLevels, type ServerOptions } from '../index.ts';
import { createDefaultAgents } from './defaultAgents.ts';
import { explainError } from './explainError.ts';
import { loadConfig } from './loadConfig.ts';
import { paintFor } from './paint.ts';
import { prettyLogger } from './prettyLogger.ts';
import { stopOnSignals } from './stopSignals.ts';

export interface ServeFlags {
  readonly config?: string;
  readonly port: number;
  readonly host: string;
  /** A file, or `:memory:`. Goes before the config's. */
  readonly db?: string;
  /** Absent: as the config says. */
  readonly logLevel?: LogLevels;
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

  const config = await loadConfig(process.cwd(), flags.config);
  const { options, notes } = config === undefined ? withoutConfig() : { options: config.options, notes: [`config: ${config.file}`] };
  const database = flags.db ?? options.database ?? 'verbatim.db';
  const log = flags.logLevel ?? options.log;
  const pretty = process.stderr.isTTY && options.logger === undefined ? { logger: await prettyLogger() } : undefined;
  const server = await createServer({ ...options, ...pretty, ...(log !== undefined && { log }), database });

  stopOnSignals(
    () => server.close(),
    (signal) => note(`${signal}: closing; what runs goes on at the next start. Once more to end at once.`),
    (error) => process.stderr.write(`${paint.red('verbatim:')} ${explainError(error)}\n`),
  );
  try {
    const { url } = await server.listen({ port: flags.port, host: flags.host });
    process.stdout.write(`Verbatim listening on ${url}\n`);
    for (const line of [...notes, `database: ${database}`, `talk to it: npx verbatim chat --url ${url}`]) note(`  ${line}`);
  } catch (error) {
    await server.close();
    throw error;
  }
}

function withoutConfig(): { readonly options: ServerOptions; readonly notes: readonly string[] } {
  const { agents, note } = createDefaultAgents(process.env);
  return { options: { agents }, notes: [note] };
}
