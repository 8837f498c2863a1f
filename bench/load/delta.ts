const DELTA = '"delta":"';

/** The tokens of a frame, undefined for one without. Tokens have nothing that JSON would escape. */
export function deltaOf(frame: string): string | undefined {
  const from = frame.indexOf(DELTA);
  if (from === -1) return undefined;
  return frame.slice(from + DELTA.length, frame.indexOf('"', from + DELTA.length));
}

/** When a token was made. The first of a stream has the time of the call before it. */
export function madeMicros(token: string): number {
  return Number(token.slice(token.indexOf(':') + 1));
}
