import type { findPhoneNumbersInText, isSupportedCountry } from 'libphonenumber-js/min';
import type validator from 'validator';
import { VerbatimError } from '../../protocol/verbatimError.ts';

export type PersonalDataKind = 'email' | 'phone' | 'card' | 'iban' | 'ssn' | 'ip';

/** Where in a text a thing of that kind is, in UTF-16 units. */
export interface PersonalData {
  readonly kind: PersonalDataKind;
  readonly start: number;
  readonly end: number;
}

export interface PersonalDataOptions {
  readonly kinds: readonly PersonalDataKind[];
  /** Of phone numbers without `+`. Without it only those with `+` are found. */
  readonly country: string | undefined;
}

interface Libraries {
  readonly validator: typeof validator;
  readonly findPhoneNumbersInText: typeof findPhoneNumbersInText;
  readonly isSupportedCountry: typeof isSupportedCountry;
}

// Half a megabyte of code that most servers never need.
let libraries: Promise<Libraries> | undefined;

async function load(): Promise<Libraries> {
  const [{ default: checks }, phones] = await Promise.all([import('validator'), import('libphonenumber-js/min')]);
  return { validator: checks, findPhoneNumbersInText: phones.findPhoneNumbersInText, isSupportedCountry: phones.isSupportedCountry };
}

/** What looks like one; the library decides. Bounded, so that no text makes them slow. */
const CANDIDATES: { readonly [Kind in Exclude<PersonalDataKind, 'phone'>]: RegExp } = {
  email: /[^\s<>()[\]{},;:"|\\@]{1,64}@[\p{L}\p{N}.-]{1,253}\.\p{L}{2,63}/gu,
  card: /(?<![\d.])\d(?:[ -]?\d){11,18}(?![\d])/g,
  iban: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}/gi,
  ssn: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g,
  ip: /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])/gi,
};

/** Finds personal data in a text, in order and without overlap; of two that overlap the one whose kind is named first counts. */
export async function findPersonalData(text: string, { kinds, country }: PersonalDataOptions): Promise<readonly PersonalData[]> {
  libraries ??= load();
  const { validator, findPhoneNumbersInText, isSupportedCountry } = await libraries;
  if (country !== undefined && !isSupportedCountry(country)) {
    throw new VerbatimError('CONFIG_INVALID', `piiGuard knows no country ${country}. Give it two letters, such as US.`);
  }
  const isOne: { readonly [Kind in Exclude<PersonalDataKind, 'phone'>]: (candidate: string) => boolean } = {
    email: (candidate) => validator.isEmail(candidate, { allow_utf8_local_part: true }),
    card: (candidate) => validator.isCreditCard(candidate.replace(/[ -]/g, '')),
    iban: (candidate) => validator.isIBAN(candidate),
    ssn: () => true,
    ip: (candidate) => validator.isIP(candidate),
  };
  const find = (kind: PersonalDataKind): PersonalData[] => {
    if (kind === 'phone') {
      const numbers = findPhoneNumbersInText(text, country === undefined ? {} : { defaultCountry: country });
      return numbers.map(({ startsAt, endsAt }) => ({ kind, start: startsAt, end: endsAt }));
    }
    return [...text.matchAll(CANDIDATES[kind])].flatMap(({ index, 0: candidate }) => {
      const one = kind === 'iban' ? ibanIn(candidate, isOne.iban) : candidate;
      return one !== undefined && isOne[kind](one) ? [{ kind, start: index, end: index + one.length }] : [];
    });
  };
  const found: PersonalData[] = [];
  for (const kind of kinds) {
    for (const one of find(kind)) if (!found.some(({ start, end }) => one.start < end && start < one.end)) found.push(one);
  }
  return found.sort((a, b) => a.start - b.start);
}

/** A word behind an account number looks like more of it. */
function ibanIn(candidate: string, isIban: (part: string) => boolean): string | undefined {
  for (let length = candidate.length; length >= 15; length--) {
    const part = candidate.slice(0, length);
    if (!part.endsWith(' ') && isIban(part)) return part;
  }
  return undefined;
}
