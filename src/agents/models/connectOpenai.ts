import { OpenAI } from 'openai';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { pooledFetch } from './connectionPool.ts';

export const OPENAI_URL = 'https://api.openai.com/v1';

export interface Connection {
  readonly baseURL?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly callTimeoutMs: number;
}

/** Where a call goes: the option, else the environment, else OpenAI. Without a slash at the end. */
export function baseUrlOf({ baseURL }: Pick<Connection, 'baseURL'>): string {
  return (baseURL ?? (process.env.OPENAI_BASE_URL || OPENAI_URL)).replace(/\/+$/, '');
}

/** Empty where there is none. */
export function apiKeyOf({ apiKey }: Pick<Connection, 'apiKey'>): string {
  return apiKey ?? process.env.OPENAI_API_KEY ?? '';
}

/** A client of the official package, over connections that `user` shares. Throws `MODEL_*` for a URL that is none and a key that is missing. */
export function connectOpenai(user: object, connection: Connection): OpenAI {
  const baseURL = baseUrlOf(connection);
  const apiKey = apiKeyOf(connection);
  if (!URL.canParse(baseURL)) throw new VerbatimError('MODEL_BAD_REQUEST', 'OPENAI_BASE_URL is not a URL.');
  if (apiKey === '' && baseURL === OPENAI_URL) {
    throw new VerbatimError('MODEL_UNAUTHORIZED', 'There is no API key for OpenAI: set OPENAI_API_KEY, or give openai() an apiKey.');
  }
  return new OpenAI({
    baseURL,
    // The package insists on a key; a null header takes it out again.
    apiKey: apiKey || 'none',
    adminAPIKey: null,
    defaultHeaders: { ...(apiKey === '' ? { Authorization: null } : {}), ...connection.headers },
    fetch: pooledFetch(new URL(baseURL).origin, user),
    // Ours: the package's own cannot be aborted between attempts, and its timeout ends at the headers.
    maxRetries: 0,
    timeout: Math.min(Math.ceil(connection.callTimeoutMs) + 60_000, 2 ** 31 - 1),
    // It would write bodies and answers to the console.
    logLevel: 'off',
  });
}
