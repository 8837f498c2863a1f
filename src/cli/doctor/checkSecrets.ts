import { statSync } from 'node:fs';
import { type KnownSecret, knownSecrets } from '../../server/config/secret.ts';
import { type Finding, ok, warning } from './finding.ts';

const MIN_CHARACTERS = 16;
const MIN_BITS = 64;
/** Letters and digits alone, in lower case. */
const WELL_KNOWN =
  /^(?:(?:your|my|our|the|a|super|top|very|jwt|api|app|client|auth|access|dev|test|prod|verbatim|openai|256|512|bit|sk)*(?:secret|password|passwort|passphrase|token|key|apikey|jwt)*(?:here|value|string)?\d{0,4}|(?:change|replace)(?:me|this|it|in|production)*|please(?:change|replace).*|letmein|qwerty\d*|keyboardcat|shh+|todo|none|null|undefined|default|example|placeholder|foobar|x+|admin\d*|root|hello(?:world)?|(?:correct)?horsebatterystaple)$/;
/** Where containers get their secrets: there is one user, and the files are everybody's. */
const OF_CONTAINERS = /^(?:\/var)?\/run\/secrets\//;

/** How good the secrets are that this process has read. They are named by where they came from, never shown. */
export function checkSecrets(secrets: readonly KnownSecret[] = knownSecrets()): readonly Finding[] {
  const findings = secrets.flatMap((secret) => {
    const weakness = weaknessOf(secret.value);
    return [
      ...(weakness === undefined
        ? []
        : [warning('secrets', `${secret.name} is weak: ${weakness}.`, 'Make a new one: openssl rand -base64 32')]),
      ...(secret.file === undefined ? [] : exposure(secret.name, secret.file)),
    ];
  });
  if (findings.length > 0) return findings;
  return [
    ok('secrets', secrets.length === 0 ? 'none was read' : `${secrets.map(({ name }) => name).join(', ')}: nothing weak is to be seen`),
  ];
}

/** Why somebody might guess it; undefined when nothing says so. */
export function weaknessOf(value: string): string | undefined {
  if (value.startsWith('-----BEGIN ')) return undefined;
  if (WELL_KNOWN.test(value.toLowerCase().replace(/[^a-z0-9]/g, ''))) return 'everybody knows it';
  const { length } = [...value];
  if (length < MIN_CHARACTERS) return `it has ${length} characters, and ${MIN_CHARACTERS} are few`;
  if (bitsOf(value) < MIN_BITS) return 'it repeats itself, or counts';
  return undefined;
}

/** What there is to guess at most, when it was made by chance from the letters it has. What follows from the letter before counts nothing. */
function bitsOf(value: string): number {
  const all = [...value];
  const period = all.findIndex((_, length) => length > 0 && value.startsWith(all.slice(length).join('')));
  const letters = period < 0 ? all : all.slice(0, period);
  const surprising = letters.filter((letter, at) => at === 0 || Math.abs(codeOf(letter) - codeOf(letters[at - 1])) > 1);
  return surprising.length * Math.log2(Math.max(2, new Set(letters).size));
}

function codeOf(letter: string | undefined): number {
  return letter?.codePointAt(0) ?? 0;
}

function exposure(name: string, file: string): readonly Finding[] {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o004) === 0 || OF_CONTAINERS.test(file) || process.platform === 'win32') return [];
  return [warning('secrets', `${name} is in ${file}, which every user of this machine can read.`, `chmod o-rwx ${file}`)];
}
