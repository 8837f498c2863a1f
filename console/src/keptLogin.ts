import type { LoginTokens, TokenSource } from 'verbatim-agents/client';
import { createClient, passwordToken, VerbatimError } from 'verbatim-agents/client';
import { strings } from './strings.ts';

/** Where a browser keeps who is logged in: for all of its tabs, or a token that was pasted, for one. */
const LOGIN_KEY = 'verbatim.login';
const NAME_KEY = 'verbatim.name';
const TOKEN_KEY = 'verbatim.token';
/** Changes when somebody logs out: the other tabs forget what they show. */
const LEFT_KEY = 'verbatim.left';
/** A refresh token is good once: one tab at a time takes the next. */
const LOCK = 'verbatim.login';

export const origin = window.location.origin;

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Rejects for a token that the server does not take. */
export async function logInWithToken(token: string): Promise<void> {
  const client = createClient({ url: origin, token });
  try {
    await client.trpc.auth.whoami.query();
    sessionStorage.setItem(TOKEN_KEY, token);
  } catch (error) {
    const { state } = client.connection;
    throw state.status === 'closed' ? state.reason : error;
  } finally {
    await client.close();
  }
}

export async function logIn(credentials: Credentials): Promise<void> {
  const client = createClient({ url: origin });
  try {
    const tokens = await client.auth.login(credentials);
    sessionStorage.removeItem(TOKEN_KEY);
    localStorage.setItem(NAME_KEY, credentials.name);
    keep(tokens);
  } finally {
    await client.close();
  }
}

/** Ends the login on the server, too, and in every tab of this browser. */
export async function logOut(): Promise<void> {
  const wasPasted = sessionStorage.getItem(TOKEN_KEY) !== null;
  const refreshToken = localStorage.getItem(LOGIN_KEY);
  forget();
  if (wasPasted || refreshToken === null) return;
  localStorage.setItem(LEFT_KEY, String(Date.now()));
  const client = createClient({ url: origin });
  try {
    await client.auth.logout({ refreshToken });
  } finally {
    await client.close();
  }
}

/** What this tab goes by. A token that was pasted hides the login of the browser, and is no part of it. */
export function forget(): void {
  access = undefined;
  if (sessionStorage.getItem(TOKEN_KEY) !== null) return sessionStorage.removeItem(TOKEN_KEY);
  localStorage.removeItem(LOGIN_KEY);
  localStorage.removeItem(NAME_KEY);
}

export interface KeptLogin {
  readonly token: TokenSource;
  /** As it was typed; absent for a token that was pasted. */
  readonly name?: string;
}

/** Undefined when nobody is logged in. Whoever is may be refused. */
export function keptLogin(): KeptLogin | undefined {
  const pasted = sessionStorage.getItem(TOKEN_KEY);
  if (pasted !== null) return { token: pasted };
  if (localStorage.getItem(LOGIN_KEY) === null) return undefined;
  return { token: ({ refresh }) => alone(() => renewed(refresh)), name: localStorage.getItem(NAME_KEY) ?? '' };
}

export interface OtherTabs {
  /** Somebody logged in. */
  onLogin(): void;
  /** The login has ended. */
  onEnd(): void;
  /** Somebody logged out. */
  onLeave(): void;
}

/** Tells what other tabs do with the login, until the returned function is called. */
export function watchOtherTabs({ onLogin, onEnd, onLeave }: OtherTabs): () => void {
  const told = ({ key, oldValue, newValue }: StorageEvent): void => {
    if (sessionStorage.getItem(TOKEN_KEY) !== null) return;
    if (key === LEFT_KEY) {
      access = undefined;
      onLeave();
    } else if (key === LOGIN_KEY && newValue === null) {
      access = undefined;
      onEnd();
    } else if (key === LOGIN_KEY && oldValue === null) onLogin();
  };
  window.addEventListener('storage', told);
  return () => window.removeEventListener('storage', told);
}

let access: { readonly token: string; readonly goodUntil: number } | undefined;

async function renewed(refresh: boolean): Promise<string> {
  if (!refresh && access !== undefined && Date.now() < access.goodUntil) return access.token;
  const refreshToken = localStorage.getItem(LOGIN_KEY);
  if (refreshToken === null) throw new VerbatimError('LOGIN_FAILED', strings.login.ended);
  try {
    return await passwordToken({ url: origin, onTokens: keep, refreshToken })({ refresh: true });
  } catch (error) {
    // Another tab was faster, where there is nothing by which tabs take turns.
    const newer = localStorage.getItem(LOGIN_KEY);
    if (newer === null || newer === refreshToken) throw error;
    return passwordToken({ url: origin, onTokens: keep, refreshToken: newer })({ refresh: true });
  }
}

/** Browsers have no locks for a page that came by plain http from another machine. */
function alone<Result>(act: () => Promise<Result>): Promise<Result> {
  return navigator.locks === undefined ? act() : navigator.locks.request(LOCK, act);
}

/** A share of the time that a token is good for is kept for its way. */
const USED_SHARE = 0.9;

function keep({ refreshToken, accessToken, expiresInMs }: LoginTokens): void {
  localStorage.setItem(LOGIN_KEY, refreshToken);
  access = { token: accessToken, goodUntil: Date.now() + expiresInMs * USED_SHARE };
}
