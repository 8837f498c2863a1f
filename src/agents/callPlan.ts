import type { AskedCall, CallStart } from '../db/operations/recordCall.ts';
import type { Json } from '../protocol/json.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { Agent } from './agent.ts';
import type { ApprovalQuestion } from './approvalPolicy.ts';
import type { AnyTool } from './defineTool.ts';
import { narrowPrincipal } from './narrowPrincipal.ts';
import type { RunAgent } from './runAgent.ts';
import type { Drive } from './runWorker.ts';

type MadeCall = Extract<AskedCall, { readonly input: Json }>;

/** Decides how each valid call is carried out, and whether a person is asked first. */
export function planCalls(drive: Drive, by: RunAgent, calls: readonly AskedCall[]): Promise<AskedCall[]> {
  let handedOver = false;
  return Promise.all(
    calls.map(async (call): Promise<AskedCall> => {
      const tool = 'input' in call ? by.tools.find((candidate) => candidate.name === call.tool) : undefined;
      if (!('input' in call) || tool === undefined) return call;
      const to = handoffTarget(by, tool);
      if (to !== undefined) {
        const start = handedOver ? refuseHandoff('Another agent takes over already.') : handoffStart(drive, by, call, to);
        handedOver ||= start.kind === 'handoff';
        return { ...call, start };
      }
      return planCall(drive, by, call, tool);
    }),
  );
}

async function planCall(drive: Drive, by: RunAgent, call: MadeCall, tool: AnyTool): Promise<AskedCall> {
  const { run, clock, limits } = drive;
  let question: ApprovalQuestion | undefined;
  try {
    const { context, threadId, runId } = by.inputs;
    question = await tool.needsApproval(call.input, { context, principal: principalFor(drive, by, tool), threadId, runId, agent: by.name });
  } catch (cause) {
    drive.logFailure({ runId: run.id, cause });
    const error = new VerbatimError(
      'TOOL_FAILED',
      'It could not be found out whether a person has to let this call through. It was not carried out.',
    );
    return { ...call, start: { kind: 'refuse', error: error.info } };
  }
  const start = startOf(drive, by, tool, call.input);
  if (question === undefined) return { ...call, idempotent: tool.idempotent, start };
  const { role, reason, expiresInMs = limits.approvalTimeoutMs } = question;
  return {
    ...call,
    idempotent: tool.idempotent,
    start,
    approval: {
      expiresAt: clock.now() + expiresInMs,
      ...(role !== undefined && { role }),
      ...(reason !== undefined && { question: reason }),
    },
  };
}

/** How a call of this tool is carried out. */
export function startOf(drive: Drive, by: RunAgent, tool: AnyTool, input: Json): CallStart {
  const { clock, limits, registry, run, observer } = drive;
  if (tool.kind === 'client') return { kind: 'client', expiresAt: clock.now() + (tool.expiresInMs ?? limits.clientToolTimeoutMs) };
  if (tool.kind === 'execute' || tool.children === undefined) return { kind: 'execute' };
  const { agents, many, taskOf } = tool.children;
  if (agents.length > limits.maxParallelAgents) {
    return refuse('CALL_LIMIT', `The tool asks ${agents.length} agents at once; at most ${limits.maxParallelAgents} may be.`);
  }
  const named = agents.map(({ name, agent }) => ({ agent, name: registry.nameOf(agent) ?? name }));
  const lost = named.find(({ name }) => name === undefined || registry.get(name) === undefined);
  if (lost !== undefined) return refuse('TOOL_FAILED', 'The tool asks an agent that the server does not know.');
  const task = taskOf(input);
  return {
    kind: many ? 'agents' : 'agent',
    children: named.map(({ name, agent }) => ({ agent: name ?? '', task, context: contextFor(agent, run.context) })),
    principal: principalFor(drive, by, tool),
    traceparent: observer.traceparent(),
    maxDepth: limits.maxDepth,
    maxChildRuns: limits.maxChildRuns,
  };
}

/** A child has the context of its parent's send, if it takes such a one. */
export function contextFor(agent: Agent, context: Json): Json {
  return agent.parseContext(context ?? undefined).ok ? context : null;
}

/** Who a tool, or an agent that it asks, acts for. */
export function principalFor({ run }: Drive, by: RunAgent, tool: AnyTool) {
  return narrowPrincipal(run.principal, by.agent.scopes, tool.scopes);
}

function handoffTarget(by: RunAgent, tool: AnyTool): Agent | undefined {
  return by.agent.handoffs().find((target) => tool.identity === target.identity);
}

function handoffStart({ registry, run, limits }: Drive, by: RunAgent, call: MadeCall, target: Agent): CallStart {
  const to = registry.nameOf(target);
  if (to === undefined) return refuseHandoff('The agent is no longer there.');
  if (to === by.name) return refuseHandoff('You are this agent already. Answer by yourself.');
  if (run.handoffs >= limits.maxHandoffs) {
    throw new VerbatimError('HANDOFF_LIMIT', `The run was handed over ${run.handoffs} times without coming to an end.`, {
      details: { limit: 'maxHandoffs', max: limits.maxHandoffs },
    });
  }
  const { input } = call;
  const reason =
    typeof input === 'object' && input !== null && 'reason' in input && typeof input.reason === 'string' ? input.reason : undefined;
  return { kind: 'handoff', to, ...(reason !== undefined && { reason }) };
}

function refuseHandoff(message: string): CallStart {
  return refuse('TOOL_FAILED', message);
}

function refuse(code: 'TOOL_FAILED' | 'CALL_LIMIT', message: string): CallStart {
  return { kind: 'refuse', error: new VerbatimError(code, message).info };
}
