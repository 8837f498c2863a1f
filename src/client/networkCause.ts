const MAX_LENGTH = 200;

/**
 * Why a server was not reached, in the words of Node or the socket; empty where nothing is said, as in browsers. Only what has an error code is
 * quoted: what is thrown before there is a network may quote a header.
 */
export function networkCause(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  // `fetch` and AggregateError say nothing themselves, the event of a socket has its error beside it.
  const { code, message, cause: inner, error } = cause as Readonly<Record<string, unknown>>;
  if (typeof code === 'string') return String(message || code).slice(0, MAX_LENGTH);
  return networkCause(inner ?? error);
}
