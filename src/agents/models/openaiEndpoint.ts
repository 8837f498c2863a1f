import { request } from 'undici';
import type { ModelEndpoint } from '../model.ts';
import { apiKeyOf, baseUrlOf, type Connection } from './connectOpenai.ts';

/** Where calls go now: the list of models is asked for, which costs nothing and needs the same key. */
export function openaiEndpoint(connection: Pick<Connection, 'baseURL' | 'apiKey' | 'headers'>): ModelEndpoint {
  const baseURL = baseUrlOf(connection);
  return {
    url: withoutUser(baseURL),
    async ping(signal) {
      const apiKey = apiKeyOf(connection);
      const { statusCode, headers, body } = await request(`${baseURL}/models`, {
        signal,
        headers: { ...(apiKey !== '' && { authorization: `Bearer ${apiKey}` }), ...connection.headers },
      });
      // Nobody reads the list; the connection would stay open for it.
      await body.dump({ limit: 64 * 1024, signal }).catch(() => undefined);
      const { date } = headers;
      return { status: statusCode, date: typeof date === 'string' ? date : undefined };
    },
  };
}

function withoutUser(baseURL: string): string {
  if (!URL.canParse(baseURL)) return baseURL;
  const url = new URL(baseURL);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/+$/, '');
}
