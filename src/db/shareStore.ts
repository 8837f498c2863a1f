import type { Principal } from '../protocol/principal.ts';
import type { ShareAccess, ShareInfo } from '../protocol/share.ts';
import { openThread } from './operations/access.ts';
import { type ClaimInput, claimShare, findLink } from './operations/claimShare.ts';
import type { Command } from './operations/command.ts';
import { type ShareInput, shareThread } from './operations/shareThread.ts';
import { unshareThread } from './operations/unshareThread.ts';
import { shareInfo } from './operations/views.ts';
import type { SqliteParts } from './sqliteLog.ts';

/** A link whose secret somebody has. */
export interface Link {
  readonly id: string;
  readonly threadId: string;
  readonly tenant: string | undefined;
  readonly access: ShareAccess;
  readonly expiresAt: number | undefined;
}

/** With whom threads are shared. */
export interface ShareStore {
  /** Refuses with `BAD_INPUT` one more than `maxShares`. */
  share(input: ShareInput): Promise<ShareInfo>;
  unshare(command: Command, what: { readonly threadId: string; readonly shareId: string }): Promise<{ readonly shareId: string }>;
  /** Those that hold, oldest first; to who may share the thread. */
  list(principal: Principal, threadId: string): Promise<readonly ShareInfo[]>;
  claim(input: ClaimInput): Promise<ShareInfo>;
  /** `NOT_FOUND` for a secret that opens nothing (any more). */
  link(secretHash: string): Promise<Link>;
  /** At once: whether guests of this link still are any. */
  holds(shareId: string): boolean;
  /** At once: the agents that have been sent to in a link's thread. Its guests may send to no others. */
  agentsOf(shareId: string): readonly string[];
  /** At once: whether the time of any share was over between these two. */
  hasExpired(after: number, upTo: number): boolean;
}

export function sqliteShareStore(parts: SqliteParts): ShareStore {
  const { queries, commit } = parts;
  return {
    share: (input) => commit.run((tx) => shareThread(tx, input)),
    unshare: (command, what) => commit.run((tx) => unshareThread(tx, command, what)),
    async list(principal, threadId) {
      const { key } = openThread(parts, principal, threadId, 'manage');
      return queries.shares.ofThread(key, parts.now).map((row) => shareInfo(queries, row, threadId));
    },
    claim: (input) => commit.run((tx) => claimShare(tx, input)),
    async link(secretHash) {
      const { link, thread } = findLink(parts, secretHash);
      const { id, access, expiresAt } = link;
      return { id, threadId: thread.id, tenant: thread.tenant ?? undefined, access, expiresAt: expiresAt ?? undefined };
    },
    holds(shareId) {
      const row = queries.shares.byId(shareId);
      return row !== undefined && (row.expiresAt === null || row.expiresAt > parts.now);
    },
    agentsOf(shareId) {
      const row = queries.shares.byId(shareId);
      return row === undefined ? [] : queries.runs.agentsOf(row.thread);
    },
    hasExpired: (after, upTo) => queries.shares.hasExpired(after, upTo),
  };
}
