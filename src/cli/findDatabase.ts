import { MEMORY, parseDatabasePath } from '../db/databasePath.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { type ConfigSources, readConfig } from './config/effectiveConfig.ts';
import { readEnvironment } from './config/environment.ts';

export interface FoundDatabase {
  /** As it was given. */
  readonly file: string;
  readonly path: string;
  /** Who named it: a variable, the config file or nobody. */
  readonly source: string;
  /** A config file was loaded for it, with all that it does. */
  readonly isLoaded: boolean;
}

/** The database as `serve` finds it. Throws `CONFIG_INVALID`, and `DATABASE_UNUSABLE` where it is in memory. */
export async function findDatabase(sources: Omit<ConfigSources, 'flags'>): Promise<FoundDatabase> {
  const given = readEnvironment(sources.environment).find(({ path }) => path.join('.') === 'database');
  if (given !== undefined) return found(String(given.value), given.source, false);
  const { file, config, values } = await readConfig(sources).catch((cause: unknown) => {
    if (!(cause instanceof VerbatimError)) throw cause;
    throw new VerbatimError(cause.code, `${cause.message} (It is read for its \`database\`: --db names one without it.)`, { cause });
  });
  const source = values.find(({ path }) => path.join('.') === 'database')?.source ?? 'default';
  return found(config.database ?? 'verbatim.db', source === 'default' ? 'the default: nothing names another' : source, file !== undefined);
}

function found(file: string, source: string, isLoaded: boolean): FoundDatabase {
  const path = parseDatabasePath(file);
  if (path !== MEMORY) return { file, path, source, isLoaded };
  throw new VerbatimError('DATABASE_UNUSABLE', `The database of ${source} is in memory, and its server's alone. Name a file with --db.`);
}
