import { budgetFault } from '../protocol/budget.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { checkSettings } from './config/checkSettings.ts';
import { SERVER_SETTINGS } from './config/settings.ts';
import type { ServerOptions } from './serverOptions.ts';

const KINDS: readonly unknown[] = ['model', 'custom', 'router'];
const MAX_NAME_LENGTH = 200;

/** For those whom no compiler tells. Throws `CONFIG_INVALID`, naming what is wrong. A limit may be `Infinity`. */
export function checkOptions(options: ServerOptions): void {
  checkSettings(options, SERVER_SETTINGS);
  checkAuth(options);
  checkBudget(options.budget);
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
