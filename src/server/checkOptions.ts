import { budgetFault } from '../protocol/budget.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { nearestName } from './nearestName.ts';
import type { ServerOptions } from './serverOptions.ts';
import { checkLogLevels } from './telemetry/logLevels.ts';

const KNOWN: Readonly<Record<keyof ServerOptions, true>> = {
  agents: true,
  database: true,
  synchronous: true,
  authenticate: true,
  auth: true,
  policy: true,
  budget: true,
  origins: true,
  hosts: true,
  titles: true,
  onStart: true,
  onStop: true,
  limits: true,
  toolWorkers: true,
  toolCache: true,
  mcp: true,
  prices: true,
  logger: true,
  log: true,
  onError: true,
  metrics: true,
  clock: true,
};
const KINDS: readonly unknown[] = ['model', 'custom', 'router'];
const MAX_NAME_LENGTH = 200;

/** For those whom no compiler tells. Throws `CONFIG_INVALID`, naming what is wrong. A limit may be `Infinity`. */
export function checkOptions(options: ServerOptions): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) throw unknownName(`There is no option "${name}".`, name, Object.keys(KNOWN));
  }
  checkLimits(options.limits ?? {});
  checkAuth(options);
  checkBudget(options.budget);
  checkLogLevels(options.log ?? {});
  checkMetrics(options.metrics);
  checkAgents(options.agents);
}

function checkBudget(budget: unknown): void {
  if (budget === undefined || typeof budget === 'function') return;
  const fault = budgetFault(budget);
  if (fault !== undefined) throw invalid(`\`budget\` ${fault}.`);
}

function checkAuth({ auth, authenticate, policy }: Pick<ServerOptions, 'auth' | 'authenticate' | 'policy'>): void {
  if (policy !== undefined && typeof policy !== 'function') throw invalid('`policy` must be a function that answers true or false.');
  if (authenticate !== undefined && typeof authenticate !== 'function') throw invalid('`authenticate` must be a function.');
  if (auth === undefined) return;
  if (authenticate !== undefined) throw invalid('Give `auth` or `authenticate`, not both: auth: [custom(authenticate), ...].');
  if (!Array.isArray(auth) || auth.length === 0) throw invalid('`auth` must be a list of methods: [apiKeys(), custom(fn)].');
  for (const [index, method] of auth.entries()) {
    if (typeof method !== 'object' || method === null || typeof method.open !== 'function') {
      throw invalid(`auth[${index}] is not a method. Make it with jwt(), apiKeys(), password() or custom(fn).`);
    }
  }
}

/** A token that can be guessed is none. */
const MIN_TOKEN_LENGTH = 16;

function checkMetrics(metrics: unknown): void {
  if (metrics === undefined || typeof metrics === 'boolean') return;
  const { token } = (metrics ?? {}) as { readonly token?: unknown };
  if (typeof token === 'string' && token.length >= MIN_TOKEN_LENGTH) return;
  throw invalid(`\`metrics\` must be true, false, or { token } with a text of at least ${MIN_TOKEN_LENGTH} characters.`);
}

function checkLimits(limits: object): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw unknownName(`There is no limit "${name}".`, name, Object.keys(DEFAULT_LIMITS));
    if (typeof value !== 'number' || !(value >= 0)) throw invalid(`limits.${name} must be a number of 0 or more.`);
  }
}

function checkAgents(agents: unknown): void {
  if (typeof agents !== 'object' || agents === null || Array.isArray(agents)) {
    throw invalid('`agents` must be an object of agents by name: { assistant: defineAgent({ ... }) }.');
  }
  const named = Object.entries(agents);
  if (named.length === 0) throw invalid('`agents` has no agent. Make one with defineAgent({ ... }).');
  for (const [name, agent] of named) {
    if (name === '' || name.length > MAX_NAME_LENGTH || name.includes('+')) {
      throw invalid(`An agent's name must have 1 to ${MAX_NAME_LENGTH} characters, and no "+": "${name.slice(0, MAX_NAME_LENGTH)}".`);
    }
    if (typeof agent === 'object' && agent !== null && KINDS.includes(agent.kind)) continue;
    throw invalid(`agents.${name} is not an agent. Make it with defineAgent({ ... }) or router({ ... }).`);
  }
}

function unknownName(what: string, name: string, names: readonly string[]): VerbatimError {
  const nearest = nearestName(name, names);
  return invalid(nearest === undefined ? `${what} There are: ${names.join(', ')}.` : `${what} Did you mean "${nearest}"?`);
}

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
