import { type AnyEvent, type FinishReason, isTerminalEvent, type Usage } from '../../protocol/event.ts';
import type { Json } from '../../protocol/json.ts';
import type { RunInfo } from '../../protocol/procedures.ts';
import type { RunStep } from '../../protocol/runStep.ts';

/** A run and what it did, in order, as its events tell. */
export interface RunTree {
  readonly run: RunInfo;
  /** What it was asked. */
  asked: string | undefined;
  /** Its events are folded: what is here is from its messages, without times. */
  isFolded: boolean;
  readonly parts: RunPart[];
}

export type RunPart = StepPart | ToolPart | RemarkPart | ChildPart;

export interface StepPart {
  readonly kind: 'step';
  readonly messageId: string;
  readonly number: number | undefined;
  readonly agent: string | undefined;
  startedAt: number | undefined;
  endedAt?: number;
  model?: string;
  firstTokenAt?: number;
  usage?: Usage;
  finish?: FinishReason;
  text?: string;
  /** It was withdrawn, and why. */
  discarded?: string;
}

export interface ToolPart {
  readonly kind: 'tool';
  readonly callId: string;
  readonly tool: string;
  readonly input: Json | undefined;
  readonly startedAt: number | undefined;
  endedAt?: number;
  status: 'waiting' | 'running' | 'completed' | 'failed';
  waitsFor?: string;
  output?: Json;
  error?: string;
  approval?: {
    readonly decision: string;
    readonly by?: string | undefined;
    readonly reason?: string | undefined;
    readonly tookMs?: number;
  };
  /** When a person was asked. */
  askedAt?: number;
  /** Runs that it asked for. */
  readonly children: RunTree[];
}

/** Something else that is worth a line. */
export interface RemarkPart {
  readonly kind: 'remark';
  readonly at: number;
  readonly text: string;
}

/** A run under it that no tool call asked for. */
export interface ChildPart {
  readonly kind: 'run';
  readonly child: RunTree;
}

export interface RunFacts {
  /** The run and those under it. */
  readonly runs: readonly RunInfo[];
  /** Of all of them, in order. */
  readonly events: readonly AnyEvent[];
  /** Their model calls. */
  readonly steps: readonly RunStep[];
}

/** The run and those under it, as their events tell. */
export function runTree(rootId: string, { runs, events, steps }: RunFacts): RunTree {
  const trees = new Map(runs.map((run) => [run.id, { run, asked: run.task, isFolded: false, parts: [] } as RunTree]));
  const root = trees.get(rootId);
  if (root === undefined) throw new Error(`${rootId} is not among its runs`);
  for (const event of events) {
    if (event.type === 'thread.snapshot') addMessages(trees, event);
    else {
      const tree = trees.get(event.runId);
      if (tree !== undefined) add(tree, event);
    }
  }
  const stepOf = new Map(steps.map((step) => [step.messageId, step]));
  for (const { parts } of trees.values()) for (const part of parts) if (part.kind === 'step') addStep(part, stepOf.get(part.messageId));
  // Oldest first: a call that asked for several has them in that order.
  for (const tree of [...trees.values()].sort((a, b) => a.run.firstSeq - b.run.firstSeq)) {
    const { id, parentRunId, parentCallId } = tree.run;
    const parent = parentRunId === undefined ? undefined : trees.get(parentRunId);
    if (parent === undefined || id === rootId) continue;
    const call = parent.parts.find((part) => part.kind === 'tool' && part.callId === parentCallId);
    if (call?.kind === 'tool') call.children.push(tree);
    else parent.parts.push({ kind: 'run', child: tree });
  }
  return root;
}

function add(tree: RunTree, event: Exclude<AnyEvent, { type: 'thread.snapshot' }>): void {
  const { parts } = tree;
  const step = (messageId: string): StepPart | undefined =>
    parts.find((part): part is StepPart => part.kind === 'step' && part.messageId === messageId);
  const call = (callId: string): ToolPart | undefined =>
    parts.find((part): part is ToolPart => part.kind === 'tool' && part.callId === callId);
  const remark = (text: string): void => void parts.push({ kind: 'remark', at: event.at, text });
  switch (event.type) {
    case 'message.received':
      tree.asked ??= event.text;
      break;
    case 'message.steered':
      remark('a message was steered in');
      break;
    case 'message.started':
      parts.push({ kind: 'step', messageId: event.messageId, number: event.step, agent: event.agent, startedAt: event.at });
      break;
    case 'message.completed':
      Object.assign(step(event.messageId) ?? {}, { endedAt: event.at, finish: event.finish, text: event.text });
      break;
    case 'message.discarded':
      Object.assign(step(event.messageId) ?? {}, { endedAt: event.at, discarded: event.reason });
      break;
    case 'tool.called':
      parts.push({
        kind: 'tool',
        callId: event.callId,
        tool: event.tool,
        input: event.input,
        startedAt: event.at,
        status: event.waitsFor === undefined ? 'running' : 'waiting',
        ...(event.waitsFor !== undefined && { waitsFor: event.waitsFor }),
        children: [],
      });
      break;
    case 'tool.completed':
      Object.assign(call(event.callId) ?? {}, { endedAt: event.at, status: 'completed', output: event.output });
      break;
    case 'tool.file':
      Object.assign(call(event.callId) ?? {}, { endedAt: event.at, status: 'completed', output: event.preview });
      break;
    case 'tool.failed': {
      const failed = call(event.callId);
      const outcome = { endedAt: event.at, status: 'failed', error: `${event.error.message} (${event.error.code})` } as const;
      if (failed !== undefined) Object.assign(failed, outcome);
      // It never ran: the model asked for it wrongly.
      else
        parts.push({
          kind: 'tool',
          callId: event.callId,
          tool: event.tool,
          input: undefined,
          startedAt: event.at,
          children: [],
          ...outcome,
        });
      break;
    }
    case 'approval.requested':
      Object.assign(call(event.callId) ?? {}, { askedAt: event.at, approval: { decision: 'pending' } });
      break;
    case 'approval.resolved': {
      const asked = call(event.callId);
      if (asked === undefined) break;
      const { decision, by, reason, waitsFor } = event;
      asked.approval = { decision, by, reason, tookMs: event.at - (asked.askedAt ?? event.at) };
      if (decision === 'approved') asked.status = waitsFor === undefined ? 'running' : 'waiting';
      if (waitsFor !== undefined) asked.waitsFor = waitsFor;
      break;
    }
    case 'run.resumed':
      if (event.reason !== 'answered') remark(`went on after ${RESUMED_AFTER[event.reason]}, attempt ${event.attempt}`);
      break;
    case 'agent.handoff':
      remark(`${event.from} handed over to ${event.to}${event.reason === undefined ? '' : `: ${event.reason}`}`);
      break;
    case 'agent.routed':
      remark(`routed to ${event.to}: ${event.reason}`);
      break;
    case 'model.switched':
      remark(`the model ${event.from} gave way to ${event.to}: ${event.reason}`);
      break;
    case 'guard.verdict':
      if (event.verdict !== 'pass')
        remark(`the guard ${event.guard} said ${event.verdict}${event.reason === undefined ? '' : `: ${event.reason}`}`);
      break;
    default:
      if (isTerminalEvent(event) && event.type === 'run.cancelled') remark(`cancelled by ${event.by}`);
  }
}

/** What no event tells: the model, what it used, and when a folded one was. */
function addStep(part: StepPart, step: RunStep | undefined): void {
  if (step === undefined) return;
  const { model, startedAt, endedAt, firstTokenAt, usage } = step;
  part.startedAt ??= startedAt;
  const { endedAt: ended = endedAt } = part;
  Object.assign(part, { model, ...(ended && { endedAt: ended }), ...(firstTokenAt && { firstTokenAt }), ...(usage && { usage }) });
}

const RESUMED_AFTER = {
  crash: 'a crash',
  shutdown: 'a restart',
  storage: 'a failed write',
  stream_cut: 'a model that was cut off',
} as const;

/** What is left of folded runs. */
function addMessages(trees: ReadonlyMap<string, RunTree>, { messages }: Extract<AnyEvent, { type: 'thread.snapshot' }>): void {
  for (const message of messages) {
    const tree = message.runId === undefined ? undefined : trees.get(message.runId);
    if (tree === undefined) continue;
    tree.isFolded = true;
    if (message.role === 'user') {
      tree.asked ??= message.text;
      continue;
    }
    const { id: messageId, agent, text, finish, toolCalls } = message;
    const { parts } = tree;
    parts.push({ kind: 'step', messageId, number: undefined, agent, startedAt: undefined, text, ...(finish !== undefined && { finish }) });
    for (const { callId, tool, input, status, output, error, approval } of toolCalls) {
      parts.push({
        kind: 'tool',
        callId,
        tool,
        input,
        startedAt: undefined,
        status,
        children: [],
        ...(output !== undefined && { output }),
        ...(error !== undefined && { error: `${error.message} (${error.code})` }),
        ...(approval !== undefined && { approval: { decision: approval.status, by: approval.by, reason: approval.reason } }),
      });
    }
  }
}
