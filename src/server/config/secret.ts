import { readFileSync } from 'node:fs';
import { VerbatimError } from '../../protocol/verbatimError.ts';

/** Where a secret is: the variable goes before the file. */
export interface SecretSource {
  /** An environment variable; with `_FILE` at its end, one that names a file with the secret. */
  readonly env?: string;
  /** A file that holds nothing else, such as `/run/secrets/jwt`. */
  readonly file?: string;
}

/** A secret that this process has read, and where from. */
export interface KnownSecret {
  /** The variable, or the file. */
  readonly name: string;
  readonly value: string;
  readonly file: string | undefined;
}

interface Found {
  readonly value: string;
  readonly file: string | undefined;
}

/** Shorter ones are parts of ordinary words: taking those out of a text would only make it unreadable. */
const MIN_HIDDEN_CHARACTERS = 6;
const MAX_FILE_BYTES = 64 * 1024;
/** Who is in a URL, and with which password. */
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"]+@/gi;

/** By value. One list for the process: an error or a log line must not show a secret, whoever read it. */
const known = new Map<string, KnownSecret>();

/**
 * The environment variable `name`, or what the file holds that the variable `<name>_FILE` names, without the line end at its end. An empty
 * variable counts as absent. Throws `CONFIG_INVALID`, naming the variable, when both are set, and when neither is and there is no `fallback`.
 */
export function env(name: string, fallback?: string): string {
  const value = findVariable(name, process.env)?.value ?? fallback;
  if (value === undefined) throw invalid(`${name} is not set. Set it, or ${name}_FILE to a file that holds it.`);
  return value;
}

/**
 * As `env`, for what nobody may read: from here on the value is taken out of what this process prints and logs, and `verbatim doctor` looks
 * how good it is. `secret('NAME')` is short for `secret({ env: 'NAME' })`. Throws `CONFIG_INVALID`, which never holds the value.
 */
export function secret(source: string | SecretSource): string {
  const { env: name, file } = typeof source === 'string' ? { env: source } : source;
  const found =
    (name === undefined ? undefined : findVariable(name, process.env)) ?? (file === undefined ? undefined : readSecretFile(file));
  if (found === undefined) {
    const ways = [
      ...(name === undefined ? [] : [`set ${name}, or ${name}_FILE to a file that holds it`]),
      ...(file ? [`make ${file}`] : []),
    ];
    throw invalid(`A secret is missing: ${ways.join(', or ') || 'give secret() the name of a variable or of a file'}.`);
  }
  keepSecret({ name: name ?? file ?? '', ...found });
  return found.value;
}

/** Tells of a secret that came another way, so that it is hidden and looked at too. */
export function keepSecret(secret: KnownSecret): void {
  known.set(secret.value, secret);
}

export function knownSecrets(): readonly KnownSecret[] {
  return [...known.values()];
}

/** The text without the credentials of URLs, and without any secret that this process has read, also as JSON or a URL would write it. */
export function withoutSecrets(text: string): string {
  let shown = text.replace(URL_CREDENTIALS, '$1***@');
  for (const { name, value } of [...known.values()].sort((a, b) => b.value.length - a.value.length)) {
    if (value.length < MIN_HIDDEN_CHARACTERS) continue;
    for (const written of new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])) {
      shown = shown.replaceAll(written, `[${name}]`);
    }
  }
  return shown;
}

/** What `name` or `<name>_FILE` of an environment holds; undefined when neither is set. */
export function findVariable(name: string, environment: NodeJS.ProcessEnv): Found | undefined {
  const value = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (value !== undefined && file !== undefined) throw invalid(`${name} and ${name}_FILE are both set. Set one of them.`);
  if (value !== undefined) return { value, file: undefined };
  if (file === undefined) return undefined;
  const read = readSecretFile(file);
  if (read === undefined) throw invalid(`${name}_FILE names ${file}, which is not there.`);
  return read;
}

function readSecretFile(file: string): Found | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new VerbatimError('CONFIG_INVALID', `${file} cannot be read (${code}). Give the server's user the right to.`, { cause });
  }
  if (text.length > MAX_FILE_BYTES) throw invalid(`${file} is too large for a secret: it may have ${MAX_FILE_BYTES} bytes.`);
  // Editors and `echo` put it there, and nobody means it.
  const value = text.replace(/\r?\n$/, '');
  if (value === '') throw invalid(`${file} is empty.`);
  return { value, file };
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
