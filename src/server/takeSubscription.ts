import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Connection } from './connection.ts';

/** Counts a watch on its socket; the returned function says, once, that it has ended. Throws `TOO_MANY_SUBSCRIPTIONS`. */
export function takeSubscription(connection: Connection | undefined, limits: Limits): () => void {
  if (connection === undefined) return () => {};
  const max = limits.maxSubscriptionsPerSocket;
  if (connection.subscriptions >= max) {
    const message = `This connection has ${max} watches open. End some, or open another.`;
    throw new VerbatimError('TOO_MANY_SUBSCRIPTIONS', message, { details: { limit: 'maxSubscriptionsPerSocket', max } });
  }
  connection.subscriptions++;
  return () => {
    connection.subscriptions--;
  };
}
