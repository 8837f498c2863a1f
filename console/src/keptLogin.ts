import type { LoginTokens, TokenSource } from 'verbatim-agents/client';
import { createClient, passwordToken } from 'verbatim-agents/client';

/** Where a browser keeps who is logged in: for all of its tabs, or a token that was pasted, for one. */
const LOGIN_KEY = 'verbatim.login';
const TOKEN_KEY = 'verbatim.token';
/** A refresh token is good once: one tab at a time takes the next. */
const LOCK = 'verbatim.login';

export const origin = window.location.origin;

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export async function logIn(credentials: Credentials): Promise<void> {
  const client = createClient({ url: origin });
  try {
    keep(await client.auth.login(credentials));
  } finally {
    await client.close();
  }
}

/** Ends the login on the server, too, where there is one. */
export async function logOut(): Promise<void> {
  const refreshToken = localStorage.getItem(LOGIN_KEY);
  forget();
  if (refreshToken === null) return;
  const client = createClient({ url: origin });
  try {
    await client.auth.logout({ refreshToken });
  } finally {
    await client.close();
  }
}

export function forget(): void {
  localStorage.removeItem(LOGIN_KEY);
  sessionStorage.removeItem(TOKEN_KEY);
}

/** Undefined when nobody is logged in. Whoever is may be refused. */
export function keptLogin(): TokenSource | undefined {
  const pasted = sessionStorage.getItem(TOKEN_KEY);
  if (pasted !== null) return pasted;
  if (localStorage.getItem(LOGIN_KEY) === null) return undefined;
  return (request) => navigator.locks.request(LOCK, () => renewed(request.refresh));
}

let access: { readonly token: string; readonly goodUntil: number } | undefined;

async function renewed(refresh: boolean): Promise<string> {
  if (!refresh && access !== undefined && Date.now() < access.goodUntil) return access.token;
  const refreshToken = localStorage.getItem(LOGIN_KEY) ?? undefined;
  const token = passwordToken({ url: origin, onTokens: keep, ...(refreshToken !== undefined && { refreshToken }) });
  return token({ refresh: true });
}

/** A share of the time that a token is good for is kept for its way. */
const USED_SHARE = 0.9;

function keep({ refreshToken, accessToken, expiresInMs }: LoginTokens): void {
  localStorage.setItem(LOGIN_KEY, refreshToken);
  access = { token: accessToken, goodUntil: Date.now() + expiresInMs * USED_SHARE };
}
