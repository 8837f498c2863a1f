import { format, markdown } from './table.ts';

/** A figure that Verbatim must reach, and one that it aims at. */
export interface Requirement {
  readonly id: number;
  readonly what: string;
  readonly unit: string;
  readonly digits: number;
  readonly must: number;
  readonly aim: number;
  readonly measured: number;
  /** More is better. */
  readonly atLeast?: boolean;
}

export function requirementTable(requirements: readonly Requirement[]): string {
  const rows = requirements.map((requirement) => {
    const { id, what, unit, digits, must, aim, measured, atLeast } = requirement;
    const sign = atLeast ? '>=' : '<=';
    const show = (value: number): string => `${format(value, digits)} ${unit}`;
    return [String(id), what, `${sign} ${show(must)}`, `${sign} ${show(aim)}`, show(measured), verdict(requirement)];
  });
  return markdown(['#', 'requirement', 'must', 'aim', 'measured', 'holds'], rows);
}

function verdict({ must, aim, measured, atLeast }: Requirement): string {
  const reaches = (goal: number): boolean => (atLeast ? measured >= goal : measured <= goal);
  if (reaches(aim)) return 'aim';
  return reaches(must) ? 'must' : '**no**';
}
