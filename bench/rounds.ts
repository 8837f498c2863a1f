import type { PlanOptions } from './plan.ts';

/** Repeats measurements, and says on stderr what is being measured. */
export class Rounds implements PlanOptions {
  readonly quick: boolean;
  readonly rounds: number;

  constructor({ quick, rounds }: PlanOptions) {
    this.quick = quick;
    this.rounds = rounds;
  }

  /**
   * Measures each of them in every round, one after the other. The order is turned round by round: a machine that slows down or speeds up
   * must favour none. The figures are by round.
   */
  async alternate<Name extends string, Figures>(
    what: string,
    measurements: Readonly<Record<Name, () => Promise<Figures>>>,
  ): Promise<Record<Name, Figures[]>> {
    // Object.keys forgets what the record's type says.
    const names = Object.keys(measurements) as Name[];
    const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Figures[]>;
    for (let round = 1; round <= this.rounds; round++) {
      for (const name of round % 2 === 1 ? names : [...names].reverse()) {
        this.progress(`${what}: ${name}, round ${round} of ${this.rounds}`);
        results[name].push(await measurements[name]());
      }
    }
    return results;
  }

  progress(line: string): void {
    process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(5)} s  ${line}\n`);
  }
}
