/** What one check has found. A problem keeps the server from starting or from keeping its promises; a warning does not, yet. */
export interface Finding {
  /** What was looked at, such as `disk`. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do about it; absent when there is nothing to do. */
  readonly remedy?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, status: 'ok', message };
}

export function warning(check: string, message: string, remedy: string): Finding {
  return { check, status: 'warning', message, remedy };
}

export function problem(check: string, message: string, remedy: string): Finding {
  return { check, status: 'problem', message, remedy };
}

/** An error of ours: its first sentence says what is wrong, the others what to do. */
export function problemOfError(check: string, error: unknown): Finding {
  const text = error instanceof Error ? error.message : String(error);
  const end = text.search(/[.!?] [A-Z]/);
  if (end < 0) return problem(check, text, 'Mend that, then look again.');
  return problem(check, text.slice(0, end + 1), text.slice(end + 2));
}
