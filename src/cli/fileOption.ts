import type { Command } from 'commander';

export interface FileFlags {
  /** Absent: as `serve` has it. */
  readonly db?: string;
  readonly config?: string;
}

const DEFAULT = '(default: VERBATIM_DATABASE, VERBATIM_DB, the config\'s, "verbatim.db")';

/** Of commands that work on the file: they need no server, and none to be stopped but where the description says so. */
export function withFileOptions(command: Command, description = 'database file; a server may be running on it'): Command {
  return command
    .option('--db <file>', `${description} ${DEFAULT}`)
    .option('-c, --config <file>', 'config file that names the database; without it, verbatim.config.{ts,js,mjs} in this folder');
}

/**
 * Runs a command on the database that `serve` would open here. On stderr it says which one that is, unless a flag named it; without a config
 * file being loaded where a flag or a variable names it.
 */
export async function onFile<Flags extends FileFlags>(
  flags: Flags,
  work: (flags: Flags & { readonly db: string }) => Promise<void>,
): Promise<void> {
  if (flags.db !== undefined) return work({ ...flags, db: flags.db });
  const { findDatabase } = await import('./findDatabase.ts');
  const { file, path, source, isLoaded } = await findDatabase({ cwd: process.cwd(), environment: process.env, file: flags.config });
  process.stderr.write(`database: ${path} (${source})\n`);
  await work({ ...flags, db: file });
  // What the config opened, such as a pool of connections, would keep the process.
  if (isLoaded) process.stdout.write('', () => process.exit());
}
