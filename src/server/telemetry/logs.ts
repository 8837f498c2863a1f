import pino from 'pino';
import type { LogFailure } from '../../agents/logFailure.ts';
import { OutsideFailure } from '../../agents/outsideFailure.ts';
import type { Logger } from '../serverOptions.ts';
import { LOG_LEVELS, type LogLevel, type LogLevels, type LogModule, parseLogLevels } from './logLevels.ts';
import type { OnError } from './onError.ts';
import { type Content, redactError, redactFields, redactText } from './redact.ts';
import type { RunsAtWork } from './runsAtWork.ts';

export interface LogsOptions {
  /** Absent: lines of JSON to stderr. */
  readonly logger?: Logger | undefined;
  readonly log?: LogLevels | undefined;
  readonly onError?: OnError | undefined;
}

/** One module's lines. Fields are redacted; `content` is what an error in them may quote. */
export interface ModuleLog extends Required<Logger> {
  /** Whether lines of this level are said: building one may cost something. */
  says(level: 'debug' | 'info'): boolean;
  error(fields: object, message: string, content?: Content): void;
  warn(fields: object, message: string, content?: Content): void;
}

/** Everything a server has to say to its operator. No line has a token, a cookie, a password, or what people and models say. */
export class Logs {
  readonly #logger: Logger;
  readonly #levels: LogLevels;
  readonly #onError: OnError | undefined;

  constructor({ logger, log, onError }: LogsOptions) {
    this.#logger = logger ?? pino({ level: 'debug', base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
    const byDefault: LogLevels = logger === undefined ? parseLogLevels(process.env.VERBATIM_LOG_LEVEL ?? '') : {};
    this.#levels = { ...byDefault, ...log };
    this.#onError = onError;
  }

  of(module: LogModule): ModuleLog {
    const rank = LOG_LEVELS.indexOf(this.#levels.modules?.[module] ?? this.#levels.level ?? 'warn');
    const says = (level: LogLevel): boolean => LOG_LEVELS.indexOf(level) >= rank;
    const say = (level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string, content?: Content): void => {
      if (!says(level) && level !== 'error') return;
      const line = { module, ...redactFields(fields, content) };
      if (says(level)) this.#logger[level]?.(line, redactText(message));
      if (level === 'error') this.#tell(line);
    };
    return {
      says,
      debug: (fields, message) => say('debug', fields, message),
      info: (fields, message) => say('info', fields, message),
      warn: (fields, message, content) => say('warn', fields, message, content),
      error: (fields, message, content) => say('error', fields, message, content),
    };
  }

  #tell({ err, ...context }: Readonly<Record<string, unknown>>): void {
    if (this.#onError === undefined || !(err instanceof Error)) return;
    try {
      this.#onError(err, context);
    } catch (cause) {
      this.#logger.warn({ module: 'server', err: cause instanceof Error ? redactError(cause) : cause }, 'onError failed');
    }
  }
}

/** Where failures of runs go: with the ids of what was at work. */
export function failureLog(log: ModuleLog, runs: RunsAtWork): LogFailure {
  return ({ runId, cause, what, tool, content }) => {
    const fields = { err: cause, runId, ...runs.idsOf(runId), ...(tool !== undefined && { tool }) };
    const quoted = content ?? (cause instanceof OutsideFailure ? cause.content : undefined);
    if (what === undefined) log.error(fields, 'a run failed', quoted?.());
    else log.warn(fields, what, quoted?.());
  };
}
