import type { Requirement } from './requirement.ts';
import type { Rounds } from './rounds.ts';

/** What a plan found, in Markdown and as data. */
export interface PlanReport {
  readonly tables: readonly string[];
  readonly requirements?: readonly Requirement[];
  /** For the JSON file: everything that was measured, round by round. */
  readonly figures: unknown;
}

/** One question that the benchmark answers. */
export interface Plan {
  /** As `--only` names it. */
  readonly name: string;
  readonly what: string;
  /** How long `run` takes, about. */
  seconds(options: PlanOptions): number;
  run(rounds: Rounds): Promise<PlanReport>;
}

export interface PlanOptions {
  /** Everything tiny: does it work at all. */
  readonly quick: boolean;
  readonly rounds: number;
}
