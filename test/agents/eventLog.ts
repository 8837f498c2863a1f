import fc from 'fast-check';
import type { EventDraft, StoredEvent } from '../../src/protocol/event.ts';
import type { FileRef } from '../../src/protocol/file.ts';
import type { Json } from '../../src/protocol/json.ts';

/** What is left to chance in an event. */
interface Chance {
  readonly type: EventDraft['type'];
  readonly pick: number;
  readonly text: string;
  readonly json: Json;
  readonly flag: boolean;
}

interface Run {
  readonly id: string;
  readonly parent: string | undefined;
  status: 'queued' | 'active' | 'ended';
}

interface Said {
  readonly id: string;
  readonly runId: string;
  status: 'streaming' | 'complete' | 'discarded';
}

interface Call {
  readonly id: string;
  readonly tool: string;
  readonly runId: string;
  readonly waits: boolean;
  approval: 'none' | 'pending' | 'decided';
  ended: boolean;
}

/** What a log has come to, as far as it says what may happen next. */
class LogState {
  readonly runs: Run[] = [];
  readonly said: Said[] = [];
  readonly calls: Call[] = [];
  made = 0;

  newId(prefix: string): string {
    return `${prefix}_${++this.made}`;
  }

  active(pick: number): Run | undefined {
    return at(
      this.runs.filter(({ status }) => status === 'active'),
      pick,
    );
  }

  /** The newest message of a run, which is the one that calls hang on. */
  newest(pick: number, status: Said['status']): Said | undefined {
    const run = this.active(pick);
    const newest = this.said.findLast(({ runId }) => runId === run?.id);
    return newest?.status === status ? newest : undefined;
  }

  openCall(pick: number, matches: (call: Call) => boolean = () => true): Call | undefined {
    return at(
      this.calls.filter(
        (call) => !call.ended && matches(call) && this.runs.some(({ id, status }) => id === call.runId && status === 'active'),
      ),
      pick,
    );
  }

  end(run: Run | undefined): Run | undefined {
    if (run !== undefined) run.status = 'ended';
    return run;
  }
}

function at<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

const USAGE = { inputTokens: 1, outputTokens: 1 };
const ERROR = { code: 'TOOL_FAILED', message: 'It failed.', retryable: false } as const;
const FILE: FileRef = { id: 'file_1', type: 'image/png', size: 3, name: 'a.png' };

type Maker<Type> = (log: LogState, chance: Chance) => Extract<EventDraft, { type: Type }> | undefined;

/** How each event that there is may come about. Undefined when it cannot at the moment. */
const MAKERS: { readonly [Type in EventDraft['type']]: Maker<Type> } = {
  'message.received': (log, { text, flag, pick }) => {
    const busy = log.runs.find(({ status, parent }) => status === 'active' && parent === undefined);
    // Into the run as a steer, or with a run of its own.
    const run = flag ? busy : undefined;
    const runId = run?.id ?? log.newId('run');
    if (run === undefined) log.runs.push({ id: runId, parent: undefined, status: 'queued' });
    return {
      type: 'message.received',
      runId,
      messageId: log.newId('msg'),
      agent: 'bot',
      text,
      principalId: 'local',
      ...(pick % 3 === 0 && { attachments: [FILE] }),
    };
  },
  'message.steered': (log, { pick }) => {
    const run = log.active(pick);
    return run && { type: 'message.steered', runId: run.id, messageId: `msg_${pick % (log.made + 1)}` };
  },
  'run.queued': (log, { pick }) => {
    const run = at(
      log.runs.filter(({ status }) => status === 'queued'),
      pick,
    );
    return run && { type: 'run.queued', runId: run.id, agent: 'bot', place: 1, messageId: `msg_${pick % (log.made + 1)}` };
  },
  'run.started': (log, { pick, flag, text }) => {
    const parent = log.active(pick);
    if (flag && parent !== undefined) {
      const runId = log.newId('run');
      log.runs.push({ id: runId, parent: parent.id, status: 'active' });
      return { type: 'run.started', runId, agent: 'child', attempt: 1, parentRunId: parent.id, task: text };
    }
    const run = log.runs.find(({ status }) => status === 'queued');
    if (run === undefined || log.runs.some(({ status, parent }) => status === 'active' && parent === undefined)) return undefined;
    run.status = 'active';
    return { type: 'run.started', runId: run.id, agent: 'bot', attempt: 1 };
  },
  'run.resumed': (log, { pick }) => {
    const run = log.active(pick);
    return run && { type: 'run.resumed', runId: run.id, attempt: 2, reason: 'crash' };
  },
  'run.waiting': (log, { pick }) => {
    const call = log.openCall(pick, ({ waits }) => waits);
    return call && { type: 'run.waiting', runId: call.runId, callIds: [call.id] };
  },
  'run.status': (log, { pick, text }) => {
    const run = log.active(pick);
    return run && { type: 'run.status', runId: run.id, text };
  },
  'run.completed': (log, { pick, flag }) => {
    // Not at the first chance, or runs would have no time to do anything.
    const run = flag && pick < 4 ? log.end(log.active(pick)) : undefined;
    return run && { type: 'run.completed', runId: run.id, usage: USAGE, outcome: 'complete' };
  },
  'run.failed': (log, { pick, flag }) => {
    const run = flag && pick < 4 ? log.end(log.active(pick)) : undefined;
    return run && { type: 'run.failed', runId: run.id, error: { ...ERROR, code: 'MODEL_FAILED' }, usage: USAGE };
  },
  'run.cancelled': (log, { pick, flag }) => {
    const run = flag && pick < 4 ? log.end(log.active(pick)) : undefined;
    return run && { type: 'run.cancelled', runId: run.id, by: 'local', usage: USAGE };
  },
  'message.started': (log, { pick, json }) => {
    const run = log.active(pick);
    if (run === undefined || log.newest(pick, 'streaming') !== undefined) return undefined;
    const id = log.newId('msg');
    log.said.push({ id, runId: run.id, status: 'streaming' });
    const agent = typeof json === 'boolean' ? 'tech' : 'bot';
    return {
      type: 'message.started',
      runId: run.id,
      messageId: id,
      agent,
      step: 1,
      ...(run.parent !== undefined && { parentRunId: run.parent }),
    };
  },
  'text.delta': (log, { pick, text }) => {
    const said = log.newest(pick, 'streaming');
    return said && { type: 'text.delta', runId: said.runId, messageId: said.id, delta: text };
  },
  'reasoning.delta': (log, { pick, text }) => {
    const said = log.newest(pick, 'streaming');
    return said && { type: 'reasoning.delta', runId: said.runId, messageId: said.id, delta: text };
  },
  'message.completed': (log, { pick, text }) => {
    const said = log.newest(pick, 'streaming');
    if (said === undefined) return undefined;
    said.status = 'complete';
    return { type: 'message.completed', runId: said.runId, messageId: said.id, text, finish: 'stop' };
  },
  'message.discarded': (log, { pick, flag }) => {
    // A guard may withdraw what was said already.
    const said = log.newest(pick, flag ? 'complete' : 'streaming');
    if (said === undefined) return undefined;
    said.status = 'discarded';
    return { type: 'message.discarded', runId: said.runId, messageId: said.id, reason: flag ? 'guardrail' : 'stream_cut' };
  },
  'tool.input.delta': (log, { pick, text }) => {
    const run = log.active(pick);
    return run && { type: 'tool.input.delta', runId: run.id, callId: `call_${log.made + 1}`, tool: 'look', delta: text };
  },
  'tool.called': (log, { pick, json, flag }) => {
    const said = log.newest(pick, 'complete');
    if (said === undefined) return undefined;
    const call: Call = { id: log.newId('call'), tool: 'look', runId: said.runId, waits: flag, approval: 'none', ended: false };
    log.calls.push(call);
    const waitsFor = flag ? { waitsFor: pick % 2 === 0 ? ('approval' as const) : ('client' as const), expiresAt: 9 } : {};
    return { type: 'tool.called', runId: said.runId, messageId: said.id, callId: call.id, tool: call.tool, input: json, ...waitsFor };
  },
  'approval.requested': (log, { pick, json }) => {
    const call = log.openCall(pick, ({ waits, approval }) => waits && approval === 'none');
    if (call === undefined) return undefined;
    call.approval = 'pending';
    return { type: 'approval.requested', runId: call.runId, callId: call.id, tool: call.tool, input: json, role: 'lead' };
  },
  'approval.resolved': (log, { pick, json, flag, text }) => {
    const call = log.openCall(pick, ({ approval }) => approval === 'pending');
    if (call === undefined) return undefined;
    call.approval = 'decided';
    const decision = (['approved', 'rejected', 'expired', 'withdrawn'] as const)[pick % 4] ?? 'approved';
    const edited = decision === 'approved' && flag ? { input: json } : {};
    return { type: 'approval.resolved', runId: call.runId, callId: call.id, tool: call.tool, decision, by: 'ann', reason: text, ...edited };
  },
  'tool.progress': (log, { pick, json }) => {
    const call = log.openCall(pick);
    return call && { type: 'tool.progress', runId: call.runId, callId: call.id, tool: call.tool, data: json };
  },
  'tool.completed': (log, { pick, json }) => {
    const call = log.openCall(pick);
    if (call === undefined) return undefined;
    call.ended = true;
    return { type: 'tool.completed', runId: call.runId, callId: call.id, tool: call.tool, output: json };
  },
  'tool.file': (log, { pick, text }) => {
    const call = log.openCall(pick);
    if (call === undefined) return undefined;
    call.ended = true;
    return { type: 'tool.file', runId: call.runId, callId: call.id, tool: call.tool, file: FILE, preview: text };
  },
  'tool.failed': (log, { pick, flag, text }) => {
    const said = log.newest(pick, 'complete');
    if (flag && said !== undefined) {
      // A model may call what no tool is called.
      const rejected = { messageId: said.id, arguments: text };
      return { type: 'tool.failed', runId: said.runId, callId: log.newId('call'), tool: text, error: ERROR, rejected };
    }
    const call = log.openCall(pick);
    if (call === undefined) return undefined;
    call.ended = true;
    return {
      type: 'tool.failed',
      runId: call.runId,
      callId: call.id,
      tool: call.tool,
      error: { ...ERROR, code: pick % 2 === 0 ? 'TOOL_EXPIRED' : 'TOOL_REJECTED' },
    };
  },
  'agent.handoff': (log, { pick }) => {
    const run = log.active(pick);
    return run && { type: 'agent.handoff', runId: run.id, from: 'bot', to: 'tech' };
  },
  'agent.routed': (log, { pick, text }) => {
    const run = log.active(pick);
    return run && { type: 'agent.routed', runId: run.id, to: 'tech', reason: text };
  },
  'model.switched': (log, { pick, text }) => {
    const run = log.active(pick);
    return run && { type: 'model.switched', runId: run.id, from: 'a', to: 'b', reason: text };
  },
  'guard.verdict': (log, { pick }) => {
    const said = log.newest(pick, 'streaming');
    return said && { type: 'guard.verdict', runId: said.runId, messageId: said.id, guard: 'pii', stage: 'output', verdict: 'rewrite' };
  },
  'tool.hosted': (log, { pick, json }) => {
    const said = log.newest(pick, 'streaming');
    return (
      said && { type: 'tool.hosted', runId: said.runId, messageId: said.id, id: 'ws', tool: 'web_search', status: 'called', data: json }
    );
  },
  data: (log, { pick, json }) => {
    const run = log.active(pick);
    return run && { type: 'data', runId: run.id, name: 'note', data: json };
  },
};

export const EVENT_TYPES = Object.keys(MAKERS) as readonly EventDraft['type'][];

/** The events that decide what a log is like come more often than those that only tell. */
const OFTEN: readonly EventDraft['type'][] = [
  'message.received',
  'run.started',
  'message.started',
  'text.delta',
  'message.completed',
  'message.completed',
  'tool.called',
  'tool.called',
  'tool.called',
  'approval.requested',
  'approval.resolved',
  'tool.completed',
  'tool.failed',
];

const chance: fc.Arbitrary<Chance> = fc.record({
  type: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...OFTEN) }, { weight: 2, arbitrary: fc.constantFrom(...EVENT_TYPES) }),
  pick: fc.nat(11),
  text: fc.oneof(fc.constantFrom('', ' ', '\n\n', '42', '-x', 'Hello', '{"a":'), fc.string({ maxLength: 8, unit: 'grapheme' })),
  json: fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
  flag: fc.boolean(),
});

/** Logs with every event that there is, in every order that makes sense, from the first to the last. */
export const eventLog: fc.Arbitrary<readonly StoredEvent[]> = fc
  .array(chance, { minLength: 10, maxLength: 80, size: 'max' })
  .map((chances) => {
    const log = new LogState();
    const begin: Chance[] = (['message.received', 'run.started'] as const).map((type) => ({
      type,
      pick: 1,
      text: 'Go',
      json: null,
      flag: false,
    }));
    const drafts = [...begin, ...chances].flatMap((chance) => MAKERS[chance.type](log, chance) ?? []);
    // A draft with its place is the event.
    return drafts.map((draft, index) => ({ ...draft, seq: index + 1, at: index }) as StoredEvent);
  });
