import type { AgentRegistry } from '../agents/agentRegistry.ts';
import type { Budgets } from '../agents/budgets.ts';
import type { LogFailure } from '../agents/logFailure.ts';
import type { ToolHost } from '../agents/toolHost.ts';
import type { RunRow } from '../db/runs.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Limits } from '../protocol/limits.ts';
import type { Observer } from '../protocol/observer.ts';
import type { May } from '../protocol/policy.ts';
import type { LimitsOf } from '../protocol/tiers.ts';

export interface WorkforceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly limitsOf: LimitsOf;
  readonly registry: AgentRegistry;
  /** Names this process in the leases of runs. */
  readonly lease: string;
  readonly logFailure: LogFailure;
  readonly observer: Observer;
  readonly toolHost: ToolHost;
  readonly budgets: Budgets;
  readonly may: May;
  /** Calls wait for answers, some of them not for ever. */
  readonly onWaiting: () => void;
  /** Told of each run that a worker has brought to its end. */
  readonly onEnded: (run: RunRow) => void;
}
