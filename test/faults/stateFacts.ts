import { expect } from 'vitest';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { isTerminalEvent } from '../../src/protocol/event.ts';
import { expectSoundLog } from '../runs/runSupport.ts';
import type { Scene } from './stateScenes.ts';
import { saidBy } from './stateStage.ts';
import type { Happening, State } from './stateTable.ts';

type Fact = Readonly<Record<string, unknown>>;

/** What the log of a thread shows when it is over. */
export interface Facts {
  readonly ends: 'completed' | 'failed' | 'cancelled';
  /** The code of a failed run. */
  readonly code?: string;
  /** Events that are there, by some of their fields. */
  readonly has?: readonly Fact[];
  readonly hasNot?: readonly Fact[];
  /** Events that the run itself does not have, whatever those under it have. */
  readonly ownHasNot?: readonly Fact[];
  /** Part of what the agents said last. */
  readonly says?: string;
  /** How often the door of a tool was knocked at, all with the id of the scene's call. */
  readonly calls?: { readonly [door: string]: number };
}

const RESUMED = { type: 'run.resumed', reason: 'crash' };
const CANCELLED = { type: 'run.cancelled', by: 'local' };
const failedCall = (code: string): Fact => ({ type: 'tool.failed', error: expect.objectContaining({ code }) });
const withdrawn = { type: 'message.discarded', reason: 'interrupted' };
const did = (tool: string): string => `I was told: {"did":"${tool}"}`;
const kept = { type: 'message.completed', finish: 'cancelled', text: expect.stringContaining('says one') };

export const GOES_ON: { readonly [Of in State]: Facts } = {
  'model streaming': { ends: 'completed', says: saidBy('speaker'), hasNot: [{ type: 'message.discarded' }] },
  'tool running': { ends: 'completed', says: did('work'), calls: { work: 1 } },
  'idempotent tool running': { ends: 'completed', says: did('look'), calls: { look: 1 } },
  'waiting for approval': {
    ends: 'completed',
    says: did('refund'),
    calls: { refund: 1 },
    has: [{ type: 'approval.resolved', by: 'local' }],
  },
  'approval just decided': { ends: 'completed', says: did('pay'), calls: { pay: 1 } },
  'waiting for a client tool': { ends: 'completed', says: 'I was told: {"color":"red"}' },
  'child running': { ends: 'completed', says: `I was told: ${saidBy('researcher')}`, hasNot: [{ type: 'message.discarded' }] },
  'three in parallel': {
    ends: 'completed',
    has: ['a', 'b', 'c'].map((name) => ({ type: 'message.completed', text: saidBy(name) })),
    hasNot: [{ type: 'message.discarded' }],
  },
  'handing off': { ends: 'completed', says: saidBy('billing') },
  'guard holding text': { ends: 'completed', says: saidBy('guarded') },
};

export const FACTS: { readonly [Of in State]: { readonly [When in Exclude<Happening, 'reader gone' | 'second answer'>]: Facts } } = {
  'model streaming': {
    '`kill -9`': { ends: 'completed', says: saidBy('speaker'), has: [withdrawn, RESUMED] },
    cancel: { ends: 'cancelled', has: [kept] },
    expiry: { ends: 'failed', code: 'STEP_TIMEOUT', has: [{ ...kept, finish: 'failed' }] },
  },
  'tool running': {
    '`kill -9`': { ends: 'completed', says: 'OUTCOME_UNKNOWN', has: [RESUMED, failedCall('OUTCOME_UNKNOWN')], calls: { work: 1 } },
    cancel: { ends: 'cancelled', has: [failedCall('CANCELLED')], calls: { work: 1 } },
    expiry: { ends: 'completed', says: 'TOOL_TIMEOUT', has: [failedCall('TOOL_TIMEOUT')], calls: { work: 1 } },
  },
  'idempotent tool running': {
    '`kill -9`': { ends: 'completed', says: did('look'), has: [RESUMED], calls: { look: 2 } },
    cancel: { ends: 'cancelled', has: [failedCall('CANCELLED')], calls: { look: 1 } },
    expiry: { ends: 'completed', says: 'TOOL_TIMEOUT', has: [failedCall('TOOL_TIMEOUT')], calls: { look: 1 } },
  },
  'waiting for approval': {
    '`kill -9`': { ends: 'completed', says: did('refund'), hasNot: [RESUMED], calls: { refund: 1 } },
    cancel: {
      ends: 'cancelled',
      has: [{ type: 'approval.resolved', decision: 'withdrawn' }, failedCall('CANCELLED')],
      calls: { refund: 0 },
    },
    expiry: {
      ends: 'completed',
      says: 'TOOL_EXPIRED',
      has: [{ type: 'approval.resolved', decision: 'expired', reason: 'expired' }, failedCall('TOOL_EXPIRED')],
      calls: { refund: 0 },
    },
  },
  'approval just decided': {
    '`kill -9`': {
      ends: 'completed',
      says: did('pay'),
      has: [RESUMED, { type: 'approval.resolved', decision: 'approved' }],
      calls: { pay: 1 },
    },
    cancel: {
      ends: 'cancelled',
      has: [failedCall('CANCELLED')],
      hasNot: [{ type: 'approval.resolved', decision: 'withdrawn' }],
      calls: { pay: 0 },
    },
    expiry: { ends: 'completed', says: did('pay'), hasNot: [failedCall('TOOL_EXPIRED')], calls: { pay: 1 } },
  },
  'waiting for a client tool': {
    '`kill -9`': { ends: 'completed', says: 'I was told: {"color":"red"}', hasNot: [RESUMED] },
    cancel: { ends: 'cancelled', has: [failedCall('OUTCOME_UNKNOWN')] },
    expiry: { ends: 'completed', says: 'not known whether', has: [failedCall('TOOL_EXPIRED')] },
  },
  'child running': {
    '`kill -9`': { ends: 'completed', says: `I was told: ${saidBy('researcher')}`, has: [withdrawn, RESUMED], ownHasNot: [RESUMED] },
    cancel: { ends: 'cancelled', has: [kept] },
    expiry: { ends: 'completed', says: 'CHILD_FAILED', has: [failedCall('CHILD_FAILED'), failedRun('STEP_TIMEOUT')] },
  },
  'three in parallel': {
    '`kill -9`': { ...GOES_ON['three in parallel'], hasNot: [], has: [withdrawn, RESUMED], ownHasNot: [RESUMED] },
    cancel: { ends: 'cancelled', has: [kept] },
    expiry: { ends: 'failed', code: 'CHILD_FAILED', has: [failedRun('STEP_TIMEOUT')] },
  },
  'handing off': {
    '`kill -9`': { ends: 'completed', says: saidBy('billing'), has: [RESUMED] },
    cancel: { ends: 'cancelled', hasNot: [{ type: 'message.started', agent: 'billing' }] },
    expiry: { ends: 'failed', code: 'RUN_TIMEOUT', hasNot: [{ type: 'message.started', agent: 'billing' }] },
  },
  'guard holding text': {
    '`kill -9`': { ends: 'completed', says: saidBy('guarded'), has: [withdrawn, RESUMED] },
    cancel: { ends: 'cancelled', hasNot: [{ type: 'text.delta' }] },
    expiry: { ends: 'failed', code: 'GUARDRAIL_TRIPPED', hasNot: [{ type: 'text.delta' }] },
  },
};

function failedRun(code: string): Fact {
  return { type: 'run.failed', error: expect.objectContaining({ code }) };
}

/** Throws unless the whole log of a scene's thread shows these facts, and what holds for any log. */
export function expectFacts(log: readonly AnyEvent[], scene: Scene, facts: Facts, callsAt: (door: string) => readonly string[]): void {
  expectSoundLog(log);
  const { run, callId, threadId } = scene;
  const own = log.filter((event) => 'runId' in event && event.runId === run.id);
  const end = own.at(-1);
  expect(end).toMatchObject({ type: `run.${facts.ends}`, ...(facts.code !== undefined && { error: { code: facts.code } }) });
  if (facts.ends === 'cancelled')
    expect(log.filter(isTerminalEvent)).toEqual(log.filter(isTerminalEvent).map(() => expect.objectContaining(CANCELLED)));
  // A run ends after those under it.
  expect(log.findLast(isTerminalEvent)).toBe(end);
  const like = (fact: Fact) => expect.objectContaining(fact);
  for (const fact of facts.has ?? []) expect(log).toContainEqual(like(fact));
  for (const fact of facts.hasNot ?? []) expect(log).not.toContainEqual(like(fact));
  for (const fact of facts.ownHasNot ?? []) expect(own).not.toContainEqual(like(fact));
  // Nothing is asked, decided or handed over twice.
  for (const type of ['approval.requested', 'approval.resolved', 'agent.handoff', 'tool.called']) {
    expect(log.filter((event) => event.type === type).length, type).toBeLessThanOrEqual(1);
  }
  if (facts.says !== undefined) {
    const said = log.findLast((event) => event.type === 'message.completed');
    expect(said).toMatchObject({ text: expect.stringContaining(facts.says) });
  }
  for (const [door, times] of Object.entries(facts.calls ?? {})) {
    expect(callsAt(`${door}/${threadId}`), door).toEqual(Array.from({ length: times }, () => callId));
  }
}
