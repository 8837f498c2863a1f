import type { IncomingMessage } from 'node:http';

const MAX_LENGTH = 100;

/** Which of a principal's clients a connection is of, as its URL says: it is no secret. Undefined where it says nothing. */
export function clientIdOf({ url = '' }: Pick<IncomingMessage, 'url'>): string | undefined {
  const query = url.indexOf('?');
  const clientId = query === -1 ? null : new URLSearchParams(url.slice(query + 1)).get('clientId');
  return clientId === null || clientId === '' || clientId.length > MAX_LENGTH ? undefined : clientId;
}
