import type { Clock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { encodeEvent } from './encodedEvent.ts';
import type { GroupCommit } from './groupCommit.ts';
import type { Log } from './log.ts';
import { LogFollower } from './logFollower.ts';
import type { Authority } from './operations/access.ts';
import { terminalDraft } from './operations/finishRun.ts';
import { snapshotRun, snapshotThread } from './operations/snapshotThread.ts';
import type { Queries } from './queries.ts';

/** It is an authority, of this moment. */
export interface SqliteParts extends Authority {
  readonly queries: Queries;
  readonly commit: GroupCommit;
  readonly clock: Clock;
  readonly epoch: string;
}

export function sqliteLog({ queries, commit, clock, epoch }: SqliteParts): Log {
  return {
    epoch,
    async bounds(thread) {
      const floor = queries.events.floor(thread);
      return floor === undefined ? undefined : { head: queries.events.head(thread), floor };
    },
    async page(thread, afterSeq, limit, maxLength) {
      return queries.events.page(thread, afterSeq, limit, maxLength);
    },
    follow: (thread) => new LogFollower(commit, thread),
    async discardedMessages(thread) {
      return new Set(queries.messages.discardedIds(thread));
    },
    async snapshot(thread, maxBytes) {
      return snapshotThread(queries, thread, clock.now(), maxBytes);
    },
    async runSnapshot(thread, key, maxBytes) {
      const run = queries.runs.byKey(key);
      if (run === undefined) throw new VerbatimError('NOT_FOUND', 'There is no such run.');
      if (run.lastSeq === null || run.endedAt === null) {
        return { snapshot: snapshotThread(queries, thread, clock.now(), maxBytes), terminal: undefined };
      }
      return {
        snapshot: snapshotRun(queries, run, clock.now()),
        terminal: encodeEvent(run.lastSeq, run.endedAt, run.key, terminalDraft(run)),
      };
    },
  };
}
