import { type ReadyGuard, type ReadyGuardOptions, readySettings } from './readyGuard.ts';

export interface PatternGuardOptions extends ReadyGuardOptions {
  readonly patterns: readonly RegExp[];
  /** `block` (default), or `mask`: what matches is replaced. */
  readonly action?: 'block' | 'mask' | undefined;
  /** What is put in the place of a match. Default `[redacted]`. */
  readonly mask?: string | undefined;
  /** Told to readers; default `pattern`. */
  readonly reason?: string | undefined;
}

/** How much of what came before a held sentence a match may begin in, in UTF-16 units. */
const LOOK_BACK = 1_000;

/** Looks for patterns, anywhere in the text. `mask` holds an answer unless told otherwise; a match that begins in an earlier sentence blocks only. */
export function patternGuard(options: PatternGuardOptions): ReadyGuard {
  const { action = 'block', mask = '[redacted]', reason = 'pattern' } = options;
  // Copies: a pattern of the application's may remember where it matched last.
  const patterns = options.patterns.map(({ source, flags }) => new RegExp(source, `${flags.replace(/[gy]/g, '')}g`));
  return {
    ...readySettings(options, { name: 'pattern', mode: action === 'mask' ? 'hold' : 'tripwire' }),
    check({ text, before }) {
      if (action === 'mask') {
        const masked = patterns.reduce((rest, pattern) => rest.replace(pattern, () => mask), text);
        return masked === text ? { verdict: 'pass' } : { verdict: 'rewrite', text: masked, reason };
      }
      const seen = before.slice(-LOOK_BACK);
      const hit = patterns.some((pattern) =>
        [...(seen + text).matchAll(pattern)].some(({ index, 0: match }) => index + match.length > seen.length),
      );
      return hit ? { verdict: 'block', reason } : { verdict: 'pass' };
    },
  };
}
