import { type Client, createClient, passwordToken } from '../client/index.node.ts';
import type { PasswordToken } from '../client/passwordToken.ts';
import type { JsonApi } from '../protocol/contract.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { findVariable } from '../server/config/secret.ts';
import { typedPassword } from './readPassword.ts';

export interface CallerFlags {
  readonly url: string;
  readonly token?: string;
  /** The name of a user, who has a password. */
  readonly user?: string;
  /** No flag: asked for before the command begins, while nothing else writes to the terminal. */
  readonly password?: string;
}

/** By flag, by variable, or from the file that `VERBATIM_TOKEN_FILE` names. */
export function tokenOf({ token }: Pick<CallerFlags, 'token'>): string | undefined {
  return token ?? findVariable('VERBATIM_TOKEN', process.env)?.value;
}

/** Who the flags say; `logout` ends the login that there may be. */
export async function openCaller(flags: CallerFlags): Promise<{ readonly token?: string | PasswordToken; logout(): Promise<void> }> {
  const { url, user: name } = flags;
  if (name !== undefined) {
    const token = passwordToken({ url, name, password: flags.password ?? (await passwordOf(name)) });
    // A login that cannot be ended now ends by itself, and the work is done.
    return { token, logout: () => token.logout().catch(() => {}) };
  }
  const token = tokenOf(flags);
  return { ...(token !== undefined && { token }), logout: async () => {} };
}

/** How long a server that takes a connection may say nothing: a person waits, or a script. */
const CONNECT_TIMEOUT_MS = 5_000;

/** A client of the server as whoever the flags say. */
export async function openClient(flags: CallerFlags): Promise<{ readonly client: Client<JsonApi>; close(): Promise<void> }> {
  const { logout, ...caller } = await openCaller(flags);
  const client = createClient<JsonApi>({
    url: flags.url,
    // A login is part of it, and may wait in line.
    ...(flags.user === undefined && { connectTimeoutMs: CONNECT_TIMEOUT_MS }),
    ...caller,
  });
  return {
    client,
    async close() {
      await client.close();
      await logout();
    },
  };
}

/** From `VERBATIM_PASSWORD`, or typed. Throws `BAD_INPUT` where nobody can type. */
export async function passwordOf(name: string): Promise<string> {
  const given = findVariable('VERBATIM_PASSWORD', process.env)?.value;
  if (given !== undefined) return given;
  if (process.stdin.isTTY !== true) {
    throw new VerbatimError('BAD_INPUT', 'Nobody can type a password here. Set VERBATIM_PASSWORD or VERBATIM_PASSWORD_FILE.');
  }
  return typedPassword(`Password for ${name}: `);
}
