export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey';

export interface Style {
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly colour?: Colour;
}

/** Text in one style. Its text is never obeyed by the terminal: `paintLine` shows what would be. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
  /** Where it leads, of http, https or mailto. */
  readonly href?: string;
}

/** One row of the terminal. */
export type Line = readonly Span[];

export const EMPTY_LINE: Line = [];

export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** A line of one style. */
export function line(text: string, style?: Style): Line {
  return [span(text, style)];
}
