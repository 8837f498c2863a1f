import { findPersonalData, type PersonalDataKind } from './personalData.ts';
import { type ReadyGuard, type ReadyGuardOptions, readySettings } from './readyGuard.ts';

export interface PiiGuardOptions extends ReadyGuardOptions {
  /** Default: all but `ip`. `ssn` is the US social security number. */
  readonly kinds?: readonly PersonalDataKind[] | undefined;
  /** Two letters, such as `US`: of phone numbers without `+`, which are found only with it. */
  readonly country?: string | undefined;
  /** `mask` (default), or `block`. */
  readonly action?: 'mask' | 'block' | undefined;
  /** What is put in the place of each. Default: its kind in brackets, such as `[email]`. */
  readonly mask?: ((kind: PersonalDataKind) => string) | undefined;
}

/**
 * Masks or blocks personal data that has a form: addresses of mail, phone, card and account numbers. Names and places have none, and are not
 * found. It holds an answer unless told otherwise.
 */
export function piiGuard(options: PiiGuardOptions = {}): ReadyGuard {
  const { kinds = ['email', 'iban', 'card', 'ssn', 'phone'], country, action = 'mask', mask = (kind) => `[${kind}]` } = options;
  return {
    ...readySettings(options, { name: 'pii', mode: 'hold' }),
    async check({ text }) {
      const found = await findPersonalData(text, { kinds, country });
      if (found.length === 0) return { verdict: 'pass' };
      const reason = [...new Set(found.map(({ kind }) => kind))].sort().join(', ');
      if (action === 'block') return { verdict: 'block', reason };
      let masked = '';
      let at = 0;
      for (const { kind, start, end } of found) {
        masked += text.slice(at, start) + mask(kind);
        at = end;
      }
      return { verdict: 'rewrite', text: masked + text.slice(at), reason };
    },
  };
}
