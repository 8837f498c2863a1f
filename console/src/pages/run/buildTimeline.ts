import type { AnyEvent, RunInfo, RunStep } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import type { NodeKind, NodeState, TimelineNode } from './timelineNode.ts';

export interface TimelineInput {
  readonly runId: string;
  readonly events: readonly AnyEvent[];
  readonly steps: ReadonlyMap<string, readonly RunStep[]>;
  readonly info: RunInfo | undefined;
}

const text = strings.run;

/** The run as a tree: its steps, and in them model calls, tools, approvals and child runs. Of a folded run there are the steps alone. */
export function buildTimeline({ runId, events, steps, info }: TimelineInput): TimelineNode {
  const timeline = new Timeline(runId, info);
  for (const event of events) timeline.add(event);
  for (const [of, list] of steps) for (const step of list) timeline.addStep(of, step);
  return timeline.finish();
}

class Timeline {
  readonly #root: TimelineNode;
  readonly #runs = new Map<string, TimelineNode>();
  readonly #steps = new Map<string, TimelineNode>();
  readonly #messages = new Map<string, TimelineNode>();
  readonly #calls = new Map<string, TimelineNode>();
  readonly #approvals = new Map<string, TimelineNode>();
  readonly #hosted = new Map<string, TimelineNode>();

  constructor(runId: string, info: RunInfo | undefined) {
    this.#root = newNode('run', runId, { id: runId, label: info?.agent ?? '' });
    this.#runs.set(runId, this.#root);
    if (info !== undefined) describeRun(this.#root, info);
  }

  add(event: AnyEvent): void {
    if (event.type === 'thread.snapshot') return;
    const { runId, at, seq } = event;
    switch (event.type) {
      case 'message.received':
        return begin(this.#run(runId), at, seq);
      case 'run.queued': {
        const run = this.#run(runId, event);
        run.label = event.agent;
        run.state = 'queued';
        begin(run, at, seq);
        run.waits.push({ from: at });
        return;
      }
      case 'run.started': {
        const run = this.#run(runId, event);
        run.label = event.agent;
        run.state = 'open';
        if (event.task !== undefined) run.note = event.task;
        begin(run, at, seq);
        return endWait(run, at);
      }
      case 'run.waiting': {
        const run = this.#run(runId);
        run.state = 'waiting';
        run.waits.push({ from: at });
        return;
      }
      case 'run.resumed': {
        const run = this.#run(runId);
        run.state = 'open';
        endWait(run, at);
        if (event.reason !== 'answered') {
          const note = text.resumeReasons[event.reason];
          run.children.push(point('attempt', event, { label: text.attempt(event.attempt), note, state: 'withdrawn' }));
        }
        return;
      }
      case 'run.completed':
        return this.#end(event, 'done', event.outcome === 'partial' ? text.partial : undefined);
      case 'run.failed':
        return this.#end(event, 'failed', `${event.error.code}: ${event.error.message}`);
      case 'run.cancelled':
        return this.#end(event, 'cancelled', text.cancelledBy(event.by));
      case 'message.started': {
        const step = this.#step(runId, event.step);
        const node = newNode('message', runId, { id: event.messageId, label: event.agent, messageId: event.messageId });
        begin(node, at, seq);
        step.children.push(node);
        this.#messages.set(event.messageId, node);
        this.#steps.set(event.messageId, step);
        return;
      }
      case 'text.delta':
      case 'reasoning.delta': {
        const node = this.#messages.get(event.messageId);
        // Joined deltas bear the time of one of them.
        if (node !== undefined && event.firstSeq === undefined) node.firstTokenAt ??= at;
        return;
      }
      case 'message.completed': {
        const { finish } = event;
        const state = finish === 'failed' ? 'failed' : finish === 'cancelled' ? 'cancelled' : 'done';
        return end(this.#messages.get(event.messageId), at, state, finish === 'stop' ? undefined : text.finish[finish]);
      }
      case 'message.discarded':
        return end(this.#messages.get(event.messageId), at, 'withdrawn', text.discarded[event.reason]);
      case 'tool.called': {
        const node = newNode('tool', runId, { id: event.callId, label: event.tool, callId: event.callId, messageId: event.messageId });
        begin(node, at, seq);
        if (event.waitsFor === 'client') node.waits.push({ from: at });
        this.#within(runId, event.messageId).children.push(node);
        this.#calls.set(event.callId, node);
        return;
      }
      case 'tool.completed':
      case 'tool.file':
        return end(this.#calls.get(event.callId), at, 'done');
      case 'tool.failed': {
        const call = this.#calls.get(event.callId);
        if (call !== undefined) return end(call, at, 'failed', `${event.error.code}: ${event.error.message}`);
        const rejected = point('tool', event, { label: event.tool, note: event.error.message, state: 'failed', callId: event.callId });
        this.#within(runId, event.rejected?.messageId).children.push(rejected);
        return;
      }
      case 'approval.requested': {
        const node = newNode('approval', runId, { id: `${event.callId}-approval`, label: text.approval, callId: event.callId });
        begin(node, at, seq);
        node.state = 'waiting';
        node.waits.push({ from: at });
        if (event.question !== undefined) node.note = event.question;
        const call = this.#calls.get(event.callId);
        call?.waits.push({ from: at });
        (call ?? this.#run(runId)).children.push(node);
        this.#approvals.set(event.callId, node);
        return;
      }
      case 'approval.resolved': {
        const call = this.#calls.get(event.callId);
        if (call !== undefined) endWait(call, at);
        const state = event.decision === 'approved' ? 'done' : 'failed';
        return end(this.#approvals.get(event.callId), at, state, text.decided[event.decision](event.by));
      }
      case 'tool.hosted': {
        const key = `${event.messageId}-${event.id}`;
        const known = this.#hosted.get(key);
        if (known !== undefined && event.status !== 'called') return end(known, at, event.status === 'failed' ? 'failed' : 'done');
        const node = newNode('tool', runId, { id: key, label: event.tool, messageId: event.messageId, note: text.hosted });
        begin(node, at, seq);
        if (event.status !== 'called') end(node, at, event.status === 'failed' ? 'failed' : 'done');
        this.#hosted.set(key, node);
        this.#within(runId, event.messageId).children.push(node);
        return;
      }
      case 'guard.verdict': {
        if (event.verdict === 'pass') return;
        const note = event.reason ?? text.verdicts[event.verdict];
        const state = event.verdict === 'block' ? 'failed' : 'done';
        this.#within(runId, event.messageId).children.push(point('mark', event, { label: text.guard(event.guard), note, state }));
        return;
      }
      case 'agent.handoff': {
        const label = text.handoff(event.from, event.to);
        this.#run(runId).children.push(point('mark', event, { label, ...(event.reason !== undefined && { note: event.reason }) }));
        return;
      }
      case 'agent.routed':
        this.#run(runId).children.push(point('mark', event, { label: text.routed(event.to), note: event.reason }));
        return;
      case 'model.switched':
        this.#run(runId).children.push(point('mark', event, { label: text.switched(event.from, event.to), note: event.reason }));
        return;
      case 'message.steered':
        this.#run(runId).children.push(point('mark', event, { label: text.steered }));
        return;
      default:
        return;
    }
  }

  /** What the server counted of a model call. */
  addStep(runId: string, step: RunStep): void {
    let node = this.#messages.get(step.messageId);
    if (node === undefined) {
      // Its events are folded.
      node = newNode('model', runId, { id: step.messageId, label: step.model, messageId: step.messageId, seq: step.seq });
      node.state = step.discarded ? 'withdrawn' : step.finish === 'failed' ? 'failed' : step.endedAt === undefined ? 'open' : 'done';
      if (step.endedAt !== undefined) node.endAt = step.endedAt;
      if (step.finish !== undefined && step.finish !== 'stop') node.note = text.finish[step.finish];
      this.#step(runId, step.number).children.push(node);
      this.#messages.set(step.messageId, node);
    }
    node.kind = 'model';
    node.label = step.model;
    node.step = step;
    node.startAt = Math.min(node.startAt ?? step.startedAt, step.startedAt);
    if (step.firstTokenAt !== undefined) node.firstTokenAt = step.firstTokenAt;
    if (step.usage !== undefined) node.usage = step.usage;
  }

  finish(): TimelineNode {
    for (const run of this.#runs.values()) for (const node of run.children) if (node.kind === 'step') spanOf(node);
    return this.#root;
  }

  #run(runId: string, parents: { readonly parentRunId?: string; readonly parentCallId?: string } = {}): TimelineNode {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const run = newNode('run', runId, { id: runId, label: runId });
    const call = parents.parentCallId === undefined ? undefined : this.#calls.get(parents.parentCallId);
    (call ?? this.#runs.get(parents.parentRunId ?? '') ?? this.#root).children.push(run);
    this.#runs.set(runId, run);
    return run;
  }

  #step(runId: string, number: number): TimelineNode {
    const id = `${runId}-step-${number}`;
    const known = this.#steps.get(id);
    if (known !== undefined) return known;
    const step = newNode('step', runId, { id, label: text.step(number) });
    this.#run(runId).children.push(step);
    this.#steps.set(id, step);
    return step;
  }

  #within(runId: string, messageId: string | undefined): TimelineNode {
    return this.#steps.get(messageId ?? '') ?? this.#run(runId);
  }

  #end({ runId, at, seq, usage }: Extract<AnyEvent, { usage: unknown }>, state: NodeState, note: string | undefined): void {
    const run = this.#run(runId);
    begin(run, at, seq);
    end(run, at, state, note);
    run.usage = usage;
    const close = (node: TimelineNode): void => {
      if (node.endAt === undefined && node.startAt !== undefined && node.kind !== 'step')
        end(node, at, state === 'done' ? 'done' : 'cancelled');
      node.children.forEach(close);
    };
    run.children.forEach(close);
  }
}

function newNode(
  kind: NodeKind,
  runId: string,
  about: { readonly id: string; readonly label: string } & Partial<TimelineNode>,
): TimelineNode {
  return { kind, runId, state: 'open', waits: [], children: [], ...about };
}

function point(kind: NodeKind, event: Exclude<AnyEvent, { type: 'thread.snapshot' }>, about: { label: string } & Partial<TimelineNode>) {
  const { runId, seq, at } = event;
  return newNode(kind, runId, { id: `${runId}-${seq}`, state: 'done', seq, startAt: at, endAt: at, ...about });
}

function begin(node: TimelineNode, at: number, seq: number): void {
  node.startAt = Math.min(node.startAt ?? at, at);
  node.seq ??= seq;
}

function end(node: TimelineNode | undefined, at: number, state: NodeState, note?: string): void {
  if (node === undefined) return;
  node.endAt = at;
  node.state = state;
  if (note !== undefined) node.note = note;
  endWait(node, at);
}

function endWait(node: TimelineNode, at: number): void {
  for (const wait of node.waits) wait.to ??= at;
}

function describeRun(run: TimelineNode, info: RunInfo): void {
  run.startAt = info.createdAt;
  if (info.endedAt === undefined) return;
  end(run, info.endedAt, info.status === 'completed' ? 'done' : info.status === 'failed' ? 'failed' : 'cancelled');
  run.usage = info.usage;
}

/** A step lasts as long as what is in it. */
function spanOf(step: TimelineNode): void {
  const { children } = step;
  const starts = children.flatMap(({ startAt }) => startAt ?? []);
  if (starts.length > 0) step.startAt = Math.min(...starts);
  const ends = children.flatMap(({ startAt, endAt }) => (startAt === undefined ? [] : [endAt]));
  const isOver = ends.length > 0 && ends.every((at) => at !== undefined);
  if (isOver) step.endAt = Math.max(...ends.flatMap((at) => at ?? []));
  const calls = children.filter(({ kind }) => kind === 'model' || kind === 'message');
  const last = calls.at(-1);
  if (!isOver) step.state = children.some(({ waits }) => waits.some(({ to }) => to === undefined)) ? 'waiting' : 'open';
  else step.state = children.length > 0 && calls.length === children.length ? (last?.state ?? 'done') : 'done';
  const seq = children[0]?.seq;
  if (seq !== undefined) step.seq = seq;
}
