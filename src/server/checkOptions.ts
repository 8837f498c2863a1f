import { budgetFault } from '../protocol/budget.ts';
import { DEFAULT_LIMITS } from '../protocol/limits.ts';
import { TIER_LIMITS } from '../protocol/tiers.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { loginCookieOf } from './auth/cookie.ts';
import { readCertificate } from './certificate.ts';
import { checkRoles } from './checkRoles.ts';
import { DUPLICATES } from './limits/connectionPlaces.ts';
import { nearestName } from './nearestName.ts';
import type { RetentionOptions } from './retentionOptions.ts';
import type { ServerOptions } from './serverOptions.ts';

const KNOWN: Readonly<Record<keyof ServerOptions, true>> = {
  agents: true,
  database: true,
  synchronous: true,
  authenticate: true,
  auth: true,
  cookie: true,
  policy: true,
  budget: true,
  roles: true,
  origins: true,
  hosts: true,
  tls: true,
  https: true,
  titles: true,
  onStart: true,
  onStop: true,
  limits: true,
  tiers: true,
  connections: true,
  trustedProxies: true,
  retention: true,
  toolWorkers: true,
  toolCache: true,
  mcp: true,
  prices: true,
  logger: true,
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
  checkTiers(options.tiers);
  checkConnections(options);
  checkRetention(options.retention ?? {});
  checkAuth(options);
  checkBudget(options.budget);
  checkRoles(options.roles);
  checkCookie(options);
  checkEdge(options);
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

function checkCookie({ cookie, auth, authenticate }: Pick<ServerOptions, 'cookie' | 'auth' | 'authenticate'>): void {
  const taken = loginCookieOf(cookie) !== undefined;
  if (taken && auth === undefined && authenticate === undefined)
    throw invalid('`cookie` needs `auth` or `authenticate`: it carries a token.');
}

function checkEdge({ tls, https, trustedProxies = 0 }: Pick<ServerOptions, 'tls' | 'https' | 'trustedProxies'>): void {
  if (https !== undefined && https !== 'redirect') throw invalid("`https` can only be 'redirect'.");
  if (https === 'redirect' && trustedProxies === 0) {
    throw invalid('`https` needs `trustedProxies`: how many proxies stand in front, of which the outermost sets X-Forwarded-Proto.');
  }
  if (tls === undefined) return;
  if (typeof tls?.cert !== 'string' || typeof tls.key !== 'string')
    throw invalid('`tls` needs `cert` and `key`: each PEM, or the path of a file.');
  readCertificate(tls);
}

function checkLimits(limits: object): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw unknownName(`There is no limit "${name}".`, name, Object.keys(DEFAULT_LIMITS));
    checkLimit(`limits.${name}`, value);
  }
}

function checkLimit(path: string, value: unknown): void {
  if (typeof value !== 'number' || !(value >= 0)) throw invalid(`${path} must be a number of 0 or more.`);
}

function checkTiers(tiers: unknown): void {
  if (tiers === undefined) return;
  for (const [tier, limits] of Object.entries(objectOf('tiers', tiers))) {
    for (const [name, value] of Object.entries(objectOf(`tiers.${tier}`, limits))) {
      const path = `tiers.${tier}.${name}`;
      if (!TIER_LIMITS.some((known) => known === name)) throw unknownName(`${path} is not a limit of a tier.`, name, TIER_LIMITS);
      checkLimit(path, value);
    }
  }
}

function checkConnections({ connections, trustedProxies = 0 }: Pick<ServerOptions, 'connections' | 'trustedProxies'>): void {
  if (!Number.isInteger(trustedProxies) || trustedProxies < 0) {
    throw invalid('`trustedProxies` must be how many proxies are before the server: 0, 1, 2, ...');
  }
  if (connections === undefined) return;
  for (const [name, value] of Object.entries(objectOf('connections', connections))) {
    if (name !== 'duplicates') throw unknownName(`There is no option "connections.${name}".`, name, ['duplicates']);
    if (!DUPLICATES.some((known) => known === value)) throw invalid(`connections.duplicates must be one of ${DUPLICATES.join(', ')}.`);
  }
}

function objectOf(path: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`\`${path}\` must be an object.`);
}

const RETENTION: Readonly<Record<keyof RetentionOptions, true>> = {
  foldAfterDays: true,
  deleteThreadsAfterDays: true,
  auditDays: true,
  usageDays: true,
  maxDatabaseBytes: true,
};

function checkRetention(retention: object): void {
  for (const [name, value] of Object.entries(retention)) {
    if (!Object.hasOwn(RETENTION, name)) throw unknownName(`There is no retention "${name}".`, name, Object.keys(RETENTION));
    if (value === undefined || (value === false && name === 'foldAfterDays')) continue;
    // Nothing is kept for no time at all by mistake.
    const isGood = typeof value === 'number' && (name === 'foldAfterDays' ? value >= 0 : value > 0);
    if (!isGood) throw invalid(`retention.${name} must be a number ${name === 'foldAfterDays' ? 'of 0 or more, or false' : 'above 0'}.`);
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
