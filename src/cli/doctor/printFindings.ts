import type { Paint } from '../paint.ts';
import type { Finding } from './finding.ts';

/** Narrower than this, wrapping would help nobody. */
const MIN_COLUMNS = 40;

interface PrintOptions {
  readonly paint: Paint;
  /** Of the terminal; undefined in a pipe, where lines are as long as they are. */
  readonly columns: number | undefined;
  print(line: string): void;
}

/** A line for each finding, and under it what to do; then how many there are of what is not well. */
export function printFindings(findings: readonly Finding[], version: string, { paint, columns, print }: PrintOptions): void {
  const marks = { ok: paint.green('ok     '), warning: paint.yellow('warning'), problem: paint.red('problem') };
  const nameWidth = Math.max(...findings.map(({ check }) => check.length));
  const indent = 'problem'.length + nameWidth + 4;
  const width = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(MIN_COLUMNS, columns) - indent;
  const margin = ' '.repeat(indent);
  print(`Verbatim ${version}`);
  print('');
  for (const { check, status, message, remedy } of findings) {
    const [first = '', ...rest] = wrap(message, width);
    print(`${marks[status]}  ${check.padEnd(nameWidth)}  ${status === 'ok' ? first : paint.bold(first)}`);
    for (const line of rest) print(`${margin}${status === 'ok' ? line : paint.bold(line)}`);
    if (remedy !== undefined) for (const line of wrap(remedy, width)) print(`${margin}${paint.dim(line)}`);
  }
  print('');
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const warnings = findings.filter(({ status }) => status === 'warning').length;
  const verdict = `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}`;
  print(problems > 0 ? paint.red(verdict) : warnings > 0 ? paint.yellow(verdict) : paint.green(verdict));
}

function counted(count: number, noun: string): string {
  return `${count === 0 ? 'no' : count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Lines of whole words; a word that is longer than a line stays whole, so that it can be copied. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
