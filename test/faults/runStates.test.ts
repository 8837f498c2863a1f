import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as verbatim from '../../src/index.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { foldEvent } from '../../src/protocol/foldEvent.ts';
import type { Message } from '../../src/protocol/message.ts';
import { createManualClock, createTestServer, type TestServerOptions } from '../../src/testing/index.ts';
import { expectSoundLog, logOf } from '../runs/runSupport.ts';
import { stateAgents } from './stateAgents.ts';
import { expectFacts, FACTS, GOES_ON } from './stateFacts.ts';
import { reach, type Scene, type StateApi } from './stateScenes.ts';
import { StateStage } from './stateStage.ts';
import { HAPPENINGS, STATE_TABLE, STATES, type State } from './stateTable.ts';

let stage: StateStage;
beforeAll(async () => {
  stage = await StateStage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

const STEP_MS = 900_000;
const TOOL_MS = 60_000;
const ANSWER_MS = 600_000;
const GUARD_MS = 30_000;
const RUN_MS = 3_600_000;
const GRACE_MS = 100;

function serve(options: Partial<TestServerOptions> = {}) {
  const limits = { approvalTimeoutMs: ANSWER_MS, clientToolTimeoutMs: ANSWER_MS, cancelGraceMs: GRACE_MS };
  return createTestServer({ agents: stateAgents(verbatim, stage), limits, ...options });
}

type Server = Awaited<ReturnType<typeof serve>>;

/** The whole log, once the run has ended; what is at a door yet goes on, and says nothing more. */
async function logOfEnded(server: Server, { run, threadId }: Scene): Promise<readonly AnyEvent[]> {
  const client = server.client<StateApi>();
  await vi.waitFor(async () => expect((await client.run(run.id).info()).endedAt).toBeDefined(), { timeout: 10_000 });
  const { head } = await client.threads.get({ threadId });
  stage.open(threadId);
  await vi.waitFor(() => expect(server.stats.activeRuns).toBe(0), { timeout: 10_000 });
  expect((await client.threads.get({ threadId })).head).toBe(head);
  return logOf(client, threadId);
}

describe('cancel', () => {
  test.each(STATES.map((state) => [state, STATE_TABLE[state].cancel] as const))('%s: %s', async (state) => {
    await using server = await serve();
    const scene = await reach(state, server.client<StateApi>(), stage);
    await scene.run.cancel();
    expectFacts(await logOfEnded(server, scene), scene, FACTS[state].cancel, (door) => stage.callsAt(door));
  });
});

/** How long it takes until the time is over of what goes on, or is waited for. */
const EXPIRES_MS: { readonly [Of in State]: number } = {
  'model streaming': STEP_MS,
  'tool running': TOOL_MS,
  'idempotent tool running': TOOL_MS,
  'waiting for approval': ANSWER_MS,
  'approval just decided': ANSWER_MS,
  'waiting for a client tool': ANSWER_MS,
  'child running': STEP_MS,
  'three in parallel': STEP_MS,
  'handing off': RUN_MS + GRACE_MS,
  'guard holding text': GUARD_MS,
};

describe('expiry', () => {
  test.each(STATES.map((state) => [state, STATE_TABLE[state].expiry] as const))('%s: %s', async (state) => {
    const clock = createManualClock();
    await using server = await serve({ clock });
    const scene = await reach(state, server.client<StateApi>(), stage);
    await clock.advance(EXPIRES_MS[state] - 1);
    expect((await scene.run.info()).endedAt).toBeUndefined();
    await clock.advance(1);
    // A call that was decided in time has all the time there is.
    if (state === 'approval just decided') await scene.goOn(server.client<StateApi>());
    expectFacts(await logOfEnded(server, scene), scene, FACTS[state].expiry, (door) => stage.callsAt(door));
  });
});

const fold = (events: readonly AnyEvent[]): readonly Message[] => events.reduce<readonly Message[]>(foldEvent, []);

describe('reader gone', () => {
  test.each(STATES.map((state) => [state, STATE_TABLE[state]['reader gone']] as const))('%s: %s', async (state, says) => {
    await using server = await serve();
    const reader = server.client<StateApi>();
    const scene = await reach(state, reader, stage);
    await reader.close();
    const client = server.client<StateApi>();
    const { status } = await client.run(scene.run.id).info();
    if (says.startsWith('waits')) expect(status).toBe('waiting');
    await scene.goOn(client);
    const log = await logOfEnded(server, scene);
    expectFacts(log, scene, GOES_ON[state], (door) => stage.callsAt(door));
    const before = scene.events;
    const after: AnyEvent[] = [];
    for await (const event of client.thread(scene.threadId).watch({ after: before.at(-1)?.seq ?? 0 })) {
      after.push(event as AnyEvent);
      if (after.at(-1)?.seq === log.at(-1)?.seq) break;
    }
    expectSoundLog([...before, ...after]);
    expect(fold([...before, ...after])).toEqual(fold(log));
  });
});

describe('second answer', () => {
  test.each(STATES.map((state) => [state, STATE_TABLE[state]['second answer']] as const))('%s: %s', async (state, says) => {
    await using server = await serve();
    const client = server.client<StateApi>();
    const scene = await reach(state, client, stage);
    const code = /^`([A-Z_]+)`/.exec(says)?.[1];
    const { callId } = scene;
    const reject = () => client.approvals.decide({ callId, decision: 'reject' });
    const submit = () => client.run(scene.run.id).submitToolResult(callId, { color: 'blue' } as never);
    const isApproval = state === 'waiting for approval' || state === 'approval just decided';
    if (state === 'waiting for approval' || state === 'waiting for a client tool') await scene.goOn(client);
    const refused = await (isApproval ? reject() : submit()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code });
    if (isApproval) expect(refused).toMatchObject({ details: { status: 'approved', by: 'local' } });
    if (state !== 'waiting for approval' && state !== 'waiting for a client tool') await scene.goOn(client);
    expectFacts(await logOfEnded(server, scene), scene, GOES_ON[state], (door) => stage.callsAt(door));
  });
});

test('the table in PROTOCOL.md has these states, and these words', () => {
  const text = readFileSync(fileURLToPath(new URL('../../PROTOCOL.md', import.meta.url)), 'utf8');
  const from = text.indexOf('\n### What happens to a run\n');
  const rows = text
    .slice(from, text.indexOf('\n## ', from + 1))
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual([
    ['a run is', ...HAPPENINGS],
    ...STATES.map((state) => [state, ...HAPPENINGS.map((happening) => STATE_TABLE[state][happening])]),
  ]);
});
