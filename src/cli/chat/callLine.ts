import type { Json } from '../../protocol/json.ts';
import { plainLine } from '../plainText.ts';
import { type Line, type Span, span } from '../terminal/span.ts';
import { fitText, textWidth } from '../terminal/textWidth.ts';

/** More of a value is cut before it is laid out. */
const MAX_LENGTH = 2_000;

/** A tool call on one line: what it was called with, what came of it, and for how long. */
export interface CallLine {
  readonly mark: Span;
  readonly tool: string;
  readonly input: Json | undefined;
  readonly result?: Span | undefined;
  readonly ms?: number | undefined;
  /** How far under the answer's own run. */
  readonly depth: number;
}

export function callLine({ mark, tool, input, result, ms, depth }: CallLine, width: number): Line {
  const indent = '  '.repeat(Math.min(depth, 6));
  const time = ms === undefined ? '' : `  ${duration(ms)}`;
  const name = fitText(plainLine(tool), 40);
  const free = width - indent.length - 2 - textWidth(name) - time.length;
  const outcome = result === undefined || result.text === '' ? '' : ` → ${result.text}`;
  const given = argumentsText(input);
  // The outcome has what the arguments leave, and half of the line at least.
  const forInput = Math.max(Math.floor(free / 2), free - textWidth(outcome));
  const shownInput = fitText(given, Math.max(0, forInput));
  const shownResult = fitText(outcome, Math.max(0, free - textWidth(shownInput)));
  return [
    span(indent),
    mark,
    span(` ${name}`, { bold: true }),
    span(shownInput, { dim: true }),
    { text: shownResult, ...(result?.style !== undefined && { style: result.style }) },
    span(time, { dim: true }),
  ].filter(({ text }) => text !== '');
}

/** A value on one line: a text as it is, anything else as JSON. */
export function valueText(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return plainLine(text.slice(0, MAX_LENGTH));
}

/** Tenths of a second up to a minute. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** As a call is written in code. */
function argumentsText(input: Json | undefined): string {
  if (input === undefined || input === null) return '()';
  if (typeof input !== 'object' || Array.isArray(input)) return `(${valueText(input)})`;
  const fields = Object.entries(input).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return plainLine(`(${fields.join(', ').slice(0, MAX_LENGTH)})`);
}
