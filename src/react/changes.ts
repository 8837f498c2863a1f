import { Listeners } from '../client/listeners.ts';

/** A list of the server's that is no longer what was read. */
export type ChangedList = 'threads' | 'approvals';

const byClient = new WeakMap<object, Listeners<ChangedList>>();

/** Where what is done, or seen, by one hook is told to the lists that others show. */
export function changesOf(client: object): Listeners<ChangedList> {
  const known = byClient.get(client) ?? new Listeners<ChangedList>();
  byClient.set(client, known);
  return known;
}
