import { AgentRegistry } from '../agents/agentRegistry.ts';
import { budgetFault } from '../protocol/budget.ts';
import { TIER_LIMITS } from '../protocol/tiers.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { loginCookieOf } from './auth/cookie.ts';
import { readCertificate } from './certificate.ts';
import { checkOrigins } from './checkOrigins.ts';
import { checkPrices } from './checkPrices.ts';
import { checkRoles } from './checkRoles.ts';
import { checkSettings, unknownName } from './config/checkSettings.ts';
import { SERVER_SETTINGS } from './config/settings.ts';
import type { ServerOptions } from './serverOptions.ts';
import { checkLogLevels } from './telemetry/logLevels.ts';

const KINDS: readonly unknown[] = ['model', 'custom', 'router'];
const MAX_NAME_LENGTH = 200;

/** For those whom no compiler tells. Throws `CONFIG_INVALID`, naming what is wrong. A limit may be `Infinity`. */
export function checkOptions(options: ServerOptions): void {
  checkSettings(options, SERVER_SETTINGS);
  checkTiers(options.tiers);
  checkRetention(options.retention ?? {});
  checkAuth(options);
  checkBudget(options.budget);
  checkRoles(options.roles);
  checkCookie(options);
  checkEdge(options);
  checkOrigins(options);
  checkLogLevels(options.log ?? {});
  checkMetrics(options.metrics);
  checkAgents(options.agents);
  checkPrices(options.prices);
  // It refuses agents that could not be found again, such as one that is handed over to and has no name.
  new AgentRegistry(options.agents);
}

/** Nothing is kept for no time at all by mistake. */
function checkRetention({ foldAfterDays: _, ...retention }: NonNullable<ServerOptions['retention']>): void {
  for (const [name, value] of Object.entries(retention)) if (value === 0) throw invalid(`retention.${name} must be a number above 0.`);
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
    throw invalid('`tls` needs `cert` and `key` (--tls-cert and --tls-key): each PEM, or the path of a file.');
  readCertificate(tls);
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

function objectOf(path: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(`\`${path}\` must be an object.`);
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

function invalid(message: string): VerbatimError {
  return new VerbatimError('CONFIG_INVALID', message);
}
