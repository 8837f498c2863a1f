import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeMachine, machine } from './machine.ts';
import type { PlanReport } from './plan.ts';
import { PLANS } from './plans.ts';
import { requirementTable } from './requirement.ts';
import { Rounds } from './rounds.ts';

/** Runs the plans, prints Markdown as it goes, and writes JSON. See README.md. */
const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    json: { type: 'string', default: fileURLToPath(new URL('./results.json', import.meta.url)) },
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const plans = chosenPlans(flags.only);
const rounds = new Rounds({ quick: flags.quick, rounds: numberOf('rounds', flags.rounds ?? (flags.quick ? '1' : '3')) });
const seconds = plans.reduce((sum, plan) => sum + plan.seconds(rounds), 0);
rounds.progress(
  `${plans.map(({ name }) => name).join(', ')}: about ${seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`}`,
);

const startedAt = new Date().toISOString();
const here = machine();
print(`${describeMachine(here)}. ${rounds.rounds > 1 ? `Medians of ${rounds.rounds} rounds, with the range` : 'One round'}.`);
const reports: Record<string, PlanReport> = {};
for (const plan of plans) {
  const report = await plan.run(rounds);
  reports[plan.name] = report;
  print(`## ${plan.name}`, plan.what, ...report.tables);
}
const requirements = Object.values(reports).flatMap((report) => report.requirements ?? []);
if (requirements.length > 0) {
  const caution = rounds.quick ? ['A quick run: the figures are of tiny cases and say nothing.'] : [];
  print('## Requirements', ...caution, requirementTable([...requirements].sort((a, b) => a.id - b.id)));
}
const file = resolve(flags.json);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(
  file,
  `${JSON.stringify({ startedAt, machine: here, quick: rounds.quick, rounds: rounds.rounds, plans: reports }, null, 2)}\n`,
);
rounds.progress(`written to ${file}`);

function chosenPlans(only: string | undefined) {
  if (only === undefined) return PLANS;
  return only.split(',').map((name) => {
    const plan = PLANS.find((one) => one.name === name);
    if (plan === undefined) return refuse(`--only ${name}: there is no such plan; there are ${PLANS.map((one) => one.name).join(', ')}`);
    return plan;
  });
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) return refuse(`--${name} must be a whole number above 0, not ${text}`);
  return value;
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

function print(...paragraphs: readonly string[]): void {
  process.stdout.write(`${paragraphs.join('\n\n')}\n\n`);
}
