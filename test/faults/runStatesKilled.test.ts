import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClient } from '../../src/client/index.node.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { CliFolder } from '../support/cliFolder.ts';
import { expectFacts, FACTS } from './stateFacts.ts';
import { reach, type Scene, type StateApi } from './stateScenes.ts';
import { StateStage } from './stateStage.ts';
import { STATE_TABLE, STATES, type State } from './stateTable.ts';
import { checkReading, checkRuns, readStoredLogs, type StoredLog } from './storedLog.ts';

const CONFIG = fileURLToPath(new URL('stateAgents.config.ts', import.meta.url));

let stage: StateStage;
let logs: ReadonlyMap<string, StoredLog>;
const scenes = new Map<State, Scene>();

/** One server with a run in each state, killed once; another goes on with its file. */
beforeAll(async () => {
  stage = await StateStage.open();
  await using folder = new CliFolder();
  const env = { MODEL_URL: stage.modelUrl, DOOR_URL: stage.doorUrl, VERBATIM_LOG_LEVEL: 'silent' };
  const serve = (port: string) => folder.serve(['--config', CONFIG, '--db', 'v.db', '--port', port], env);
  let running = await serve('0');
  const { url } = running;
  const client = createClient<StateApi>({ url, random: () => 0.1, timeoutMs: 60_000 });
  for (const scene of await Promise.all(STATES.map((state) => reach(state, client, stage)))) scenes.set(scene.state, scene);

  running.command.kill('SIGKILL');
  await running.command.exited;
  // What is asked again is answered at once.
  stage.open('');
  running = await serve(new URL(url).port);
  for (const scene of scenes.values()) await scene.goOn(client);
  for (const { run } of scenes.values()) await run.result();
  const heads = new Map<string, number>();
  for (const { threadId } of scenes.values()) heads.set(threadId, (await client.threads.get({ threadId })).head);
  for (const { threadId, events } of scenes.values()) {
    await vi.waitFor(() => expect(events.at(-1)?.seq).toBe(heads.get(threadId)), { timeout: 10_000 });
  }
  await client.close();
  running.command.kill('SIGKILL');
  await running.command.exited;
  logs = readStoredLogs(join(folder.path, 'v.db'));
}, 60_000);
afterAll(() => stage[Symbol.asyncDispose]());

test.each(STATES.map((state) => [state, STATE_TABLE[state]['`kill -9`']] as const))('kill -9, %s: %s', (state) => {
  const scene = scenes.get(state);
  const log = logs.get(scene?.threadId ?? '');
  if (scene === undefined || log === undefined) throw new Error(`${state} was not reached`);
  checkRuns(log);
  expectFacts(log.events, scene, FACTS[state]['`kill -9`'], (door) => stage.callsAt(door));
  const leavesOut = ({ type }: AnyEvent): boolean => type === 'tool.input.delta';
  expect(checkReading(log, { who: 'the reader', events: scene.events, leavesOut })).toBe(log.events.length);
});
