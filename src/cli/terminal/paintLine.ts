import { plainText } from '../plainText.ts';
import type { Colour, Line, Span, Style } from './span.ts';
import type { TerminalTraits } from './terminalTraits.ts';

const COLOURS: Readonly<Record<Colour, number>> = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, grey: 90 };

/**
 * The line as bytes for the terminal. Here, and nowhere else, text of others becomes output, so here too what would control the terminal is
 * shown. Whoever lays text out makes it plain before: what is shown in its place is wider.
 */
export function paintLine(line: Line, traits: TerminalTraits): string {
  return line.map((span) => paintSpan(span, traits)).join('');
}

function paintSpan({ text, style, href }: Span, { hasStyles, hasLinks }: TerminalTraits): string {
  const shown = plainText(text).replace(/[\t\n]/g, ' ');
  const styled = hasStyles && style !== undefined ? inStyle(shown, style) : shown;
  return hasLinks && href !== undefined ? `\u001b]8;;${href}\u001b\\${styled}\u001b]8;;\u001b\\` : styled;
}

function inStyle(text: string, { bold, dim, italic, underline, strike, colour }: Style): string {
  const codes = [bold && 1, dim && 2, italic && 3, underline && 4, strike && 9, colour && COLOURS[colour]].filter(Boolean);
  return codes.length === 0 || text === '' ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`;
}
