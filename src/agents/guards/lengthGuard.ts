import { type ReadyGuard, type ReadyGuardOptions, readySettings } from './readyGuard.ts';

export interface LengthGuardOptions extends ReadyGuardOptions {
  readonly maxCodePoints: number;
  /** `block` (default), or `cut`: what is too much is left out. */
  readonly action?: 'block' | 'cut' | undefined;
}

/** Bounds a user's message, or the text of an answer. Of an answer it does not count the reasoning. `cut` holds an answer unless told otherwise. */
export function lengthGuard(options: LengthGuardOptions): ReadyGuard {
  const { maxCodePoints, action = 'block' } = options;
  return {
    ...readySettings(options, { name: 'length', mode: action === 'cut' ? 'hold' : 'tripwire' }),
    check({ text, before, part }) {
      if (part === 'reasoning') return { verdict: 'pass' };
      const room = Math.max(0, maxCodePoints - [...before].length);
      const codePoints = [...text];
      if (codePoints.length <= room) return { verdict: 'pass' };
      if (action === 'block') return { verdict: 'block', reason: 'too long' };
      return { verdict: 'rewrite', text: codePoints.slice(0, room).join(''), reason: 'too long' };
    },
  };
}
