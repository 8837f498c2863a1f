import type { ErrorCode, ErrorInfo } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';

const MAX_CODE_POINTS = 300;

/** What may be said of a failure outside: typed errors say it themselves, anything else says `fallback`. The cause goes to the log. */
export function publicError(cause: unknown, code: ErrorCode, fallback: string): ErrorInfo {
  return cause instanceof VerbatimError ? cause.info : new VerbatimError(code, fallback, { cause }).info;
}

/**
 * The message of an error that an application's own code threw, for the model and for readers: its first line, without paths, addresses or
 * what looks like a key.
 */
export function publicMessage(cause: unknown, fallback: string): string {
  const line = messageOf(cause).split('\n', 1)[0]?.trim() ?? '';
  const clean = line
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '[address]')
    .replace(/(?:[A-Za-z]:)?(?:[\\/][\w.@-]+){2,}/g, '[path]')
    .replace(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, '[address]')
    .replace(/\b(?:sk|pk|key|token)[-_][\w-]{8,}/gi, '[key]');
  return clean === '' ? fallback : [...clean].slice(0, MAX_CODE_POINTS).join('');
}

function messageOf(cause: unknown): string {
  try {
    const text: unknown = cause instanceof Error ? cause.message : cause;
    return typeof text === 'string' ? text : '';
  } catch {
    return ''; // A message may be a getter, and throw.
  }
}
