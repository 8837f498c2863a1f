import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from 'verbatim-agents';
import { BenchProcess, canPin } from './benchProcess.ts';
import type { ServerCalls, ServerReady } from './server/serverProcess.ts';

export type ServerName = 'raw' | 'verbatim';

export type Trust = 'open' | 'guarded';

export interface StartServerOptions {
  readonly server: ServerName;
  /** Those that the plan hits on purpose. */
  readonly limits?: Partial<Limits>;
  /** `open`: a Verbatim without authentication, bounds of callers and metrics. Default `guarded`. */
  readonly trust?: Trust;
  /** Gets the database file before the server starts. */
  readonly prepare?: (database: string) => Promise<void>;
}

export interface BenchServer extends AsyncDisposable {
  readonly port: number;
  readonly bootMs: number;
  readonly calls: BenchProcess<ServerCalls, ServerReady>;
  /** Verbatim's database file. */
  readonly database: string;
}

/** A server in a fresh process on the first core; Verbatim on a new file in the temporary folder. Dispose kills it and removes the file. */
export async function startServer({ server, limits = {}, trust = 'guarded', prepare }: StartServerOptions): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-bench-'));
  const database = join(folder, 'bench.db');
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // Of a run that is interrupted too: there may be gigabytes in it.
  process.once('exit', removeFolder);
  await prepare?.(database);
  const calls = new BenchProcess<ServerCalls, ServerReady>(`./server/${server}Server.js`, {
    core: 0,
    // As `verbatim serve` sets it where there is one core, and the README advises.
    nodeFlags: ['--expose-gc', ...(canPin ? ['--no-concurrent-marking', '--heap-growing-percent=100'] : [])],
    args: [`file:${database}`, JSON.stringify(limits), trust],
  });
  const close = async (): Promise<void> => {
    await calls[Symbol.asyncDispose]();
    process.off('exit', removeFolder);
    removeFolder();
  };
  try {
    const { port, bootMs = 0 } = await calls.ready;
    return { port, bootMs, calls, database, [Symbol.asyncDispose]: close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
