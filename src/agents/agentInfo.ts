import type { AgentInfo, AgentLimits, GuardInfo, HistoryInfo, ToolInfo } from '../protocol/agentInfo.ts';
import type { Agent } from './agent.ts';
import type { AgentRegistry } from './agentRegistry.ts';
import type { AnyTool } from './defineTool.ts';
import { type Guards, hasGuards } from './guard.ts';
import { type History, keptTokens } from './history.ts';
import { mayUseAgent, mayUseTool, type User } from './mayUse.ts';

interface Seer extends User {
  readonly registry: AgentRegistry;
}

/** What somebody may know of an agent, from its definition alone: no model, tool or function of it is called. */
export function agentInfo(
  name: string,
  agent: Agent,
  { user, forAdministrator }: { readonly user: Seer; readonly forAdministrator: boolean },
): AgentInfo {
  const { description, kind, tools, toolsVary, contextSchema, outputSchema, scopes } = agent;
  const limits = limitsOf(agent);
  return {
    name,
    description,
    kind,
    tools: tools.filter((tool) => mayUseTool(user, name, tool)).map((tool) => toolInfo(tool, user.registry)),
    ...(toolsVary && { toolsVary }),
    ...(kind !== 'custom' && { models: agent.model === undefined ? [] : [agent.model.name, ...(agent.model.standIns ?? [])] }),
    ...(kind === 'model' && { handoffs: namesOf(agent.handoffs(), user) }),
    ...(kind === 'router' && { routes: namesOf(Object.values(agent.agents), user) }),
    ...(contextSchema !== undefined && { context: contextSchema }),
    ...(outputSchema !== undefined && { output: outputSchema }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(scopes !== undefined && { scopes }),
    ...(kind === 'model' && { history: historyInfo(agent.history) }),
    ...(forAdministrator && kind === 'model' && hasGuards(agent.guards) && { guards: guardInfos(agent.guards) }),
    ...(forAdministrator && kind === 'model' && agent.fixedInstructions && { instructions: agent.fixedInstructions }),
  };
}

function toolInfo(tool: AnyTool, registry: AgentRegistry): ToolInfo {
  const { name, description, inputSchema, outputSchema, kind, mayAsk, idempotent, worker, children } = tool;
  const { timeoutMs, expiresInMs, maxConcurrent, scopes, retry, cache } = tool;
  return {
    name,
    description,
    input: inputSchema,
    output: outputSchema,
    kind,
    idempotent,
    ...(mayAsk && { needsApproval: true }),
    // What it is has the path of a module.
    ...(worker !== undefined && { worker: true }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(expiresInMs !== undefined && { expiresInMs }),
    ...(maxConcurrent !== undefined && { maxConcurrent }),
    ...(scopes !== undefined && { scopes }),
    ...(retry !== undefined && { maxAttempts: retry.maxAttempts }),
    ...(cache !== undefined && { cache: { ttlMs: cache.ttlMs, scope: cache.scope ?? 'principal' } }),
    ...(children !== undefined && { asks: children.agents.map((child) => registry.nameOf(child.agent) ?? child.name ?? name) }),
  };
}

function limitsOf(agent: Agent): AgentLimits {
  const { maxSteps, stepTimeoutMs, runTimeoutMs, budget } = agent;
  const maxOutputTokens = agent.kind === 'model' ? agent.maxOutputTokens : undefined;
  return {
    ...(maxSteps !== undefined && { maxSteps }),
    ...(stepTimeoutMs !== undefined && { stepTimeoutMs }),
    ...(runTimeoutMs !== undefined && { runTimeoutMs }),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(budget !== undefined && { budget }),
  };
}

function historyInfo(history: History): HistoryInfo {
  if (history === 'all' || !('summarize' in history)) return history;
  const { model, maxTokens } = history.summarize;
  return { summarize: { model: model.name, maxTokens, keepTokens: keptTokens(history.summarize) } };
}

function guardInfos({ input = [], output = [] }: Guards): GuardInfo[] {
  return [
    ...input.map(({ name, blocking = false }): GuardInfo => ({ name, stage: 'input', mode: blocking ? 'before' : 'beside' })),
    ...output.map(({ name, mode = 'tripwire' }): GuardInfo => ({ name, stage: 'output', mode })),
  ];
}

/** Those that the caller may use. */
function namesOf(agents: readonly Agent[], user: Seer): string[] {
  return agents.flatMap((agent) => {
    const name = user.registry.nameOf(agent);
    return name !== undefined && mayUseAgent(user, name, agent) ? [name] : [];
  });
}
