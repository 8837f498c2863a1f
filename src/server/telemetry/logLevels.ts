import { VerbatimError } from '../../protocol/verbatimError.ts';

/** From the most said to nothing. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** The parts of a server that log. */
export const LOG_MODULES = ['server', 'http', 'call', 'connection', 'auth', 'run', 'model', 'tool', 'guard', 'database', 'mcp'] as const;

export type LogModule = (typeof LOG_MODULES)[number];

export interface LogLevels {
  /** Default `warn`, or what the environment has as `VERBATIM_LOG_LEVEL`. */
  readonly level?: LogLevel;
  /** Modules with a level of their own: `{ run: 'debug' }`. */
  readonly modules?: { readonly [Module in LogModule]?: LogLevel };
}

/** Reads `info,run=debug`. Throws `CONFIG_INVALID`, naming what is not a level or a module. */
export function parseLogLevels(text: string): LogLevels {
  const modules: { [Module in LogModule]?: LogLevel } = {};
  let level: LogLevel | undefined;
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (part === '') continue;
    const [name = '', value] = part.split('=').map((piece) => piece.trim());
    if (value === undefined) level = levelOf(name);
    else modules[moduleOf(name)] = levelOf(value);
  }
  return { ...(level !== undefined && { level }), modules };
}

/** As `LogLevels` that were given in code, checked for those whom no compiler tells. */
export function checkLogLevels({ level, modules = {} }: LogLevels): void {
  if (level !== undefined) levelOf(level);
  for (const [module, value] of Object.entries(modules)) {
    moduleOf(module);
    levelOf(value);
  }
}

function levelOf(text: unknown): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw invalid(`"${text}" is no log level. There are: ${LOG_LEVELS.join(', ')}.`);
  return level;
}

function moduleOf(text: string): LogModule {
  const module = LOG_MODULES.find((known) => known === text);
  if (module === undefined) throw invalid(`"${text}" is no part of the server that logs. There are: ${LOG_MODULES.join(', ')}.`);
  return module;
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
