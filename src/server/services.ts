import type { Agents } from '../agents/agent.ts';
import type { AgentRegistry } from '../agents/agentRegistry.ts';
import type { Store } from '../db/sqliteStore.ts';
import type { SettingInfo } from '../protocol/accounts.ts';
import type { Budget, DayBudget } from '../protocol/budget.ts';
import type { Clock } from '../protocol/clock.ts';
import type { Inputs } from '../protocol/inputs.ts';
import type { Limits } from '../protocol/limits.ts';
import type { May } from '../protocol/policy.ts';
import type { Principal } from '../protocol/principal.ts';
import type { Roles } from '../protocol/roles.ts';
import type { LimitsOf } from '../protocol/tiers.ts';
import type { Answers } from './answers.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Callers } from './auth/callers.ts';
import type { Guests } from './auth/guests.ts';
import type { Bell } from './bell.ts';
import type { Readers } from './disconnectWatch.ts';
import type { CommandRate } from './limits/commandRate.ts';
import type { Waits } from './limits/waits.ts';
import type { Notices } from './live/notices.ts';
import type { Presence } from './live/presence.ts';
import type { RecentReadings } from './recentReadings.ts';
import type { Retention } from './retention.ts';
import type { RunEnds } from './runEnds.ts';
import type { Scheduler } from './scheduler.ts';
import type { Sampler } from './telemetry/sampler.ts';

/** What procedures work with. */
export interface Services {
  readonly agents: Agents;
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly answers: Answers;
  readonly registry: AgentRegistry;
  readonly bell: Bell;
  readonly runEnds: RunEnds;
  readonly waits: Waits;
  readonly commands: CommandRate;
  readonly readers: Readers;
  readonly limits: Limits;
  /** Those of a principal's tier. */
  readonly limitsOf: LimitsOf;
  readonly inputs: Inputs;
  readonly clock: Clock;
  /** What a principal's runs may use, each. */
  readonly budgetOf: (principal: Principal) => Budget | undefined;
  readonly dayBudgetOf: (principal: Principal) => DayBudget | undefined;
  readonly callers: Callers;
  readonly notices: Notices;
  readonly presence: Presence;
  readonly authenticator: Authenticator;
  readonly guests: Guests;
  /** The policy that holds. */
  readonly may: May;
  /** Those of the application. */
  readonly roles: Roles | undefined;
  readonly retention: Retention;
  readonly readings: RecentReadings;
  readonly sampler: Sampler;
  /** Every option with what holds. */
  readonly settings: () => readonly SettingInfo[];
  /** Aborts when the server begins to close: it is not ready for anything new, and what runs has some time left. */
  readonly draining: AbortSignal;
  /** Aborts when the server closes: what waits ends. */
  readonly closing: AbortSignal;
}
