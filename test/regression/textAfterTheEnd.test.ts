import { describe, expect, test } from 'vitest';
import { eventsOf, openStore, STEP, startThread, type TestStore } from '../db/storeForTest.ts';

async function speaking() {
  const test = openStore();
  const { held, thread, run } = await startThread(test);
  const { message } = await test.store.runs.startStep({ run: held, ...STEP });
  const writer = test.store.runs.writeMessage(held, message);
  writer.text('seen');
  await writer.committed();
  return { test, held, thread, run, message, writer };
}

const ENDS: { readonly [how: string]: (test: TestStore, key: number) => Promise<unknown> } = {
  'ended by another': ({ store }, key) => store.runs.endOrphan(key, { status: 'cancelled', by: 'server' }),
  'taken over': ({ store }, run) => store.runs.resume({ run, lease: 'boot_2', reason: 'crash', maxAttempts: 3 }),
};

// It came behind the run's last event, and behind the words of a guard that had withdrawn it.
describe.each(Object.entries(ENDS))('text of a run that is %s', (_how, end) => {
  test('is dropped when it is said before its speaker hears of that', async () => {
    const { test, thread, run, writer } = await speaking();
    await end(test, run.key);
    const before = await eventsOf(test, thread);
    writer.text(' and on');
    await writer.committed();
    writer.close();
    expect(await eventsOf(test, thread)).toEqual(before);
  });

  test('is dropped when its speaker begins after it', async () => {
    const test = openStore();
    const { held, thread, run } = await startThread(test);
    const { message } = await test.store.runs.startStep({ run: held, ...STEP });
    await end(test, run.key);
    const before = await eventsOf(test, thread);
    const writer = test.store.runs.writeMessage(held, message);
    writer.text('on');
    expect(() => writer.assertStored()).toThrow(expect.objectContaining({ code: 'INTERRUPTED' }));
    await expect(writer.committed()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    writer.close();
    expect(await eventsOf(test, thread)).toEqual(before);
  });

  test('is dropped when it waits for the same commit, its speaker gone', async () => {
    const { test, thread, run, writer } = await speaking();
    const ending = end(test, run.key);
    writer.text(' and on');
    writer.close();
    await ending;
    const events = await eventsOf(test, thread);
    expect(events.flatMap((event) => (event.type === 'text.delta' ? [event.delta] : []))).toEqual(['seen']);
    expect(events.at(-1)?.type).toMatch(/^run\.(?:cancelled|resumed)$/);
  });
});

test('text is not lost when the transaction that was to close its message is taken back', async () => {
  const { test, held, thread, message, writer } = await speaking();
  // A run has one end: what breaks midway is taken out, and the rest of its batch is run again.
  const broken = test.store.runs.finishModelCall({
    run: held,
    message,
    text: 'seen',
    reasoning: '',
    finish: 'stop',
    usage: undefined,
    calls: [{ callId: 'call_1', tool: 'x', input: 1n as never }],
  });
  writer.text(' and on');
  await expect(broken).rejects.toThrow();
  await writer.committed();
  writer.close();
  const events = await eventsOf(test, thread);
  expect(events.flatMap((event) => (event.type === 'text.delta' ? [event.delta] : []))).toEqual(['seen', ' and on']);
});
