import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { CreatedKey, LoginTokens, UserInfo } from '../../../src/protocol/accounts.ts';
import type { Principal } from '../../../src/protocol/principal.ts';
import { apiKeys } from '../../../src/server/auth/apiKeys.ts';
import { custom } from '../../../src/server/auth/custom.ts';
import { password } from '../../../src/server/auth/password.ts';
import type { ServerOptions } from '../../../src/server/serverOptions.ts';
import { afterTest } from '../../support/afterTest.ts';
import { openRaw, type RawSocket } from '../../support/rawSocket.ts';
import { type StartedServer, startServer } from '../startServer.ts';

export const GOOD_PASSWORD = 'correct horse battery';

/** By token, besides keys and logins. */
const KNOWN: Readonly<Record<string, Principal>> = {
  root: { id: 'root', roles: ['admin'] },
  acme: { id: 'boss', roles: ['admin'], tenant: 'acme' },
  plain: { id: 'plain', roles: ['user'] },
};

export interface Answer<T = never> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
  readonly error: { readonly message: string; readonly data: { readonly reason: string; readonly details?: unknown } } | undefined;
}

export interface Accounts extends StartedServer {
  /** Of the administrator `root`. */
  readonly root: RawSocket;
  /** A mutation over HTTP, as somebody or nobody. */
  post<T = never>(path: string, input: object, token?: string): Promise<Answer<T>>;
  get<T = never>(path: string, token?: string): Promise<Answer<T>>;
  createUser(name: string, change?: object): Promise<UserInfo>;
  createKey(input?: object): Promise<CreatedKey & { readonly key: string }>;
  logIn(name: string, password?: string): Promise<LoginTokens>;
}

/** A server that knows keys and passwords, and some callers by the names in `KNOWN`. */
export async function startAccounts(options: Partial<ServerOptions> = {}): Promise<Accounts> {
  const named = custom(({ token }) => KNOWN[token ?? '']);
  const server = await startServer({ auth: [named, apiKeys(), password()], ...options });
  const { url, port } = server;
  const root = await openRaw({ port, params: { token: 'root' } });
  const ask = async <T>(path: string, init: RequestInit, token: string | undefined): Promise<Answer<T>> => {
    const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    const response = await fetch(`${url}/trpc/${path}`, { ...init, headers });
    const body = (await response.json()) as { result?: { data: { json: T } }; error?: { json: Answer['error'] } };
    return { status: response.status, headers: response.headers, data: body.result?.data.json as T, error: body.error?.json };
  };
  const post = <T>(path: string, input: object, token?: string): Promise<Answer<T>> =>
    ask(path, { method: 'POST', body: JSON.stringify({ json: input }) }, token);
  return {
    ...server,
    root,
    post,
    get: (path, token) => ask(path, { method: 'GET' }, token),
    createUser: (name, change = {}) => root.call('mutation', 'admin.users.create', { name, password: GOOD_PASSWORD, ...change }),
    createKey: (input = {}) => root.call('mutation', 'admin.keys.create', { name: 'test', ...input }),
    async logIn(name, given = GOOD_PASSWORD) {
      const { data, error } = await post<LoginTokens>('auth.login', { name, password: given });
      if (error !== undefined) throw new Error(error.message);
      return data;
    },
  };
}

/** Why a watch, or a call, of a socket has failed. */
export function refusalOf(socket: RawSocket, id: string | number | undefined): Promise<string> {
  return vi.waitFor(() => {
    const reason = socket.frames.find((frame) => frame.id === id && frame.error !== undefined)?.error?.json.data.reason;
    if (reason === undefined) throw new Error(`${id} has not failed`);
    return reason;
  }, 5_000);
}

/** A database file in a folder that goes with the test. */
export function databaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'verbatim-accounts-'));
  afterTest(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'verbatim.db');
}
