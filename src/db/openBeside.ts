import { systemClock } from '../protocol/clock.ts';
import { mayBy } from '../protocol/policy.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { openDatabase, openForCommand } from './openDatabase.ts';
import type { Authority } from './operations/access.ts';
import { prepareQueries } from './queries.ts';

/** The file of a server, for one command of the command line. */
export interface BesideDatabase {
  readonly file: string;
  /** Runs in a transaction of its own, at once. Never for what is in a log: the server knows the heads of its threads by heart. */
  run<T>(operation: (authority: Authority) => T): T;
  /** Without a transaction. */
  read<T>(operation: (authority: Authority) => T): T;
  close(): Promise<void>;
}

/**
 * Opens the database of a server that runs or not: beside it, without its lock, when it does; made or upgraded, as the server would, when it
 * does not. A running server notices what changes within a second.
 */
export async function openBeside(name: string): Promise<BesideDatabase> {
  const { raw, file, close } = open(name);
  const queries = prepareQueries(raw);
  const authority = (): Authority => ({ queries, may: mayBy(undefined), now: systemClock.now() });
  const transaction = raw.transaction((operation: (authority: Authority) => unknown) => operation(authority()));
  return {
    file,
    run: (operation) => transaction.immediate(operation) as never,
    read: (operation) => operation(authority()),
    close,
  };
}

function open(file: string): ReturnType<typeof openForCommand> {
  try {
    return openDatabase({ file });
  } catch (cause) {
    if (!(cause instanceof VerbatimError) || cause.code !== 'DATABASE_LOCKED') throw cause;
    return openForCommand(file);
  }
}
