import type { Database } from 'better-sqlite3';
import { prepareApiKeys } from './apiKeys.ts';
import { prepareApprovals } from './approvals.ts';
import { prepareAudit } from './audit.ts';
import { prepareDisabledAgents } from './disabledAgents.ts';
import { drizzleOver } from './drizzle.ts';
import { prepareEvents } from './events.ts';
import { prepareFiles } from './files.ts';
import { prepareLogins } from './logins.ts';
import { prepareMemories } from './memories.ts';
import { prepareMessages } from './messages.ts';
import { prepareMeta } from './meta.ts';
import { prepareRateCounts } from './rateCounts.ts';
import { prepareReceipts } from './receipts.ts';
import { prepareRuns } from './runs.ts';
import { prepareShares } from './shares.ts';
import { prepareSteps } from './steps.ts';
import { prepareSummaries } from './summaries.ts';
import { prepareThreadRemoval } from './threadRemoval.ts';
import { prepareThreads } from './threads.ts';
import { prepareToolCalls } from './toolCalls.ts';
import { prepareUsageDays } from './usageDays.ts';
import { prepareUsers } from './users.ts';

export type Queries = ReturnType<typeof prepareQueries>;

/** Every query of the product, prepared once: one file per kind of state, one function per query. */
export function prepareQueries(raw: Database) {
  // SQLite's own LIKE knows the case of ASCII alone.
  raw.function('has_text', { deterministic: true }, (text, part) =>
    typeof text === 'string' && text.toLowerCase().includes(String(part).toLowerCase()) ? 1 : 0,
  );
  const db = drizzleOver(raw);
  return {
    events: prepareEvents(raw),
    threads: prepareThreads(db),
    runs: prepareRuns(db),
    files: prepareFiles(db),
    messages: prepareMessages(db),
    steps: prepareSteps(db),
    toolCalls: prepareToolCalls(db),
    approvals: prepareApprovals(db),
    receipts: prepareReceipts(db),
    memories: prepareMemories(db),
    summaries: prepareSummaries(db),
    shares: prepareShares(db),
    audit: prepareAudit(db),
    usageDays: prepareUsageDays(db),
    users: prepareUsers(db),
    logins: prepareLogins(db),
    apiKeys: prepareApiKeys(db),
    disabledAgents: prepareDisabledAgents(db),
    rateCounts: prepareRateCounts(db),
    meta: prepareMeta(db),
    removal: prepareThreadRemoval(raw),
  };
}
