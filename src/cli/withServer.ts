import { type Command, Option } from 'commander';
import type { Client } from '../client/client.ts';
import type { JsonApi } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { notThere } from './notThere.ts';
import { type CallerFlags, openClient, passwordOf } from './openClient.ts';

export interface ServerFlags extends CallerFlags {
  readonly json?: boolean;
}

/** Gives a command what all have that ask a server: where it is, who asks, and whether a program reads the answer. */
export function onServer(command: Command): Command {
  return command
    .addOption(new Option('-u, --url <url>', 'of the server').env('VERBATIM_URL').default('http://127.0.0.1:3000'))
    .addOption(new Option('-t, --token <token>', 'who you are, where the server asks').env('VERBATIM_TOKEN'))
    .option('--user <name>', 'log in by name and password, which is asked for, or in VERBATIM_PASSWORD')
    .option('--json', 'print JSON on stdout')
    .hook('preAction', async (_, acting) => {
      const { user } = acting.opts<CallerFlags>();
      // Before there is any progress to be shown.
      if (user !== undefined) acting.setOptionValue('password', await passwordOf(user));
    });
}

/**
 * Runs one command by a client of the server, and closes it. Throws `CONNECTION_LOST` when no server was ever there: it is most likely not
 * started, or elsewhere. Later losses are waited out. What tRPC throws becomes the `VerbatimError` that it is about.
 */
export async function withServer<T>(flags: ServerFlags, work: (client: Client<JsonApi>) => Promise<T>): Promise<T> {
  const { url } = flags;
  const { client, close } = await openClient(flags);
  let stop: (() => void) | undefined;
  const unreachable = new Promise<never>((_, reject) => {
    let wasThere = false;
    stop = client.connection.subscribe((state) => {
      if (state.status === 'online') wasThere = true;
      if (state.status === 'offline' && !wasThere) void notThere(url, state.reason).then(reject);
    });
  });
  try {
    return await Promise.race([work(client), unreachable]);
  } catch (error) {
    throw error instanceof Error && error.cause instanceof VerbatimError && !(error instanceof VerbatimError) ? error.cause : error;
  } finally {
    stop?.();
    await close();
  }
}

/** Up to `limit` rows of a list that the server gives in pages, as long as it likes them; `hasMore` says that there are others. */
export async function readPages<Row>(
  limit: number,
  read: (page: { readonly pageToken?: string }) => Promise<{ readonly items: readonly Row[]; readonly nextPageToken?: string }>,
): Promise<{ readonly rows: readonly Row[]; readonly hasMore: boolean }> {
  const rows: Row[] = [];
  let pageToken: string | undefined;
  do {
    const page = await read(pageToken === undefined ? {} : { pageToken });
    rows.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && rows.length < limit);
  return { rows: rows.slice(0, limit), hasMore: pageToken !== undefined || rows.length > limit };
}
