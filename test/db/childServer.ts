import { type Child, startChild } from './childProcess.ts';

export interface ChildServer extends Child {
  readonly epoch: string;
}

/** A process that opens the database, writes `events` events, records `mark` as the highest, and holds it. Resolves when it has done so. */
export async function startChildServer(file: string, events = 0, { mark = events } = {}): Promise<ChildServer> {
  const child = startChild('./holdDatabase.ts', file, String(events), String(mark));
  return { ...child, epoch: await child.firstLine() };
}
