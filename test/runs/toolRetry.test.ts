import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/agents/defineTool.ts';
import { type ToolRetry, toolRetryDelay } from '../../src/agents/toolPolicy.ts';
import { createManualClock } from '../../src/testing/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { serveTool } from './askedTool.ts';
import { gate } from './runSupport.ts';

checkLeaks();

interface Acting {
  readonly times: number;
  readonly callId: string;
  readonly signal: AbortSignal;
}

/** Counts its attempts, and does as it is told. */
function actingTool(act: (attempt: Acting) => unknown, options: object = {}) {
  const attempts: string[] = [];
  const tool = defineTool({
    name: 'act',
    description: '',
    input: z.object({}),
    output: z.object({ attempt: z.number() }),
    ...options,
    execute: async (_input, { callId, signal }) => {
      attempts.push(callId);
      await act({ times: attempts.length, callId, signal });
      return { attempt: attempts.length };
    },
  });
  return { tool, attempts };
}

const failTwice = ({ times }: Acting): void => {
  if (times < 3) throw new Error(`failure ${times}`);
};
const quick: ToolRetry = { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 1 };

test('an idempotent tool that fails is tried again in the same call, and only its last attempt is told', async () => {
  const { tool, attempts } = actingTool(failTwice, { idempotent: true, retry: quick });
  await using asking = await serveTool(tool);
  const { output, events } = await asking.ask();
  expect(output).toEqual({ attempt: 3 });
  expect(attempts).toHaveLength(3);
  expect(new Set(attempts).size).toBe(1);
  expect(events.filter((event) => event.type.startsWith('tool.')).map((event) => event.type)).toEqual(['tool.called', 'tool.completed']);
});

test('after maxAttempts its last failure is the outcome', async () => {
  const { tool, attempts } = actingTool(
    ({ times }) => {
      throw new Error(`failure ${times}`);
    },
    { idempotent: true, retry: quick },
  );
  await using asking = await serveTool(tool);
  expect((await asking.ask()).error).toMatchObject({ code: 'TOOL_FAILED', message: 'failure 3' });
  expect(attempts).toHaveLength(3);
});

test('each attempt has its own time, and one that took too long is followed by another', async () => {
  const clock = createManualClock();
  const { tool, attempts } = actingTool(({ times }) => (times === 1 ? new Promise(() => {}) : undefined), {
    idempotent: true,
    timeoutMs: 5_000,
    retry: { maxAttempts: 2, initialDelayMs: 1_000 },
  });
  await using asking = await serveTool(tool, { clock });
  const asked = asking.ask();
  await vi.waitFor(() => expect(attempts).toHaveLength(1));
  await clock.advance(5_000);
  expect(attempts).toHaveLength(1);
  await clock.advance(1_000);
  expect((await asked).output).toEqual({ attempt: 2 });
});

describe('a tool that is not idempotent is not repeated silently (P7)', () => {
  test.each([['retry.when says no', false, 1] as const, ['retry.when says yes', true, 3] as const])('%s', async (_name, worthIt, times) => {
    const { tool, attempts } = actingTool(failTwice, { retry: { ...quick, when: () => worthIt } });
    await using asking = await serveTool(tool);
    await asking.ask();
    expect(attempts).toHaveLength(times);
  });

  test('when it took too long, not even if retry.when would say yes', async () => {
    const when = vi.fn((): boolean => true);
    const { tool, attempts } = actingTool(() => new Promise(() => {}), { timeoutMs: 5, retry: { ...quick, when } });
    await using asking = await serveTool(tool);
    expect((await asking.ask()).error).toMatchObject({ code: 'TOOL_TIMEOUT' });
    expect(attempts).toHaveLength(1);
    expect(when).not.toHaveBeenCalled();
  });

  test('retry.when gets what the tool threw', async () => {
    const error = Object.assign(new Error('busy'), { status: 503 });
    const when = vi.fn((cause: unknown) => cause !== error);
    const { tool } = actingTool(() => Promise.reject(error), { retry: { ...quick, when } });
    await using asking = await serveTool(tool);
    expect((await asking.ask()).error).toMatchObject({ code: 'TOOL_FAILED', message: 'busy' });
    expect(when.mock.calls).toEqual([[error]]);
  });
});

test('a cancel ends the wait before the next attempt at once', async () => {
  const clock = createManualClock();
  const failed = gate();
  const { tool, attempts } = actingTool(
    () => {
      failed.open();
      throw new Error('no');
    },
    { idempotent: true, retry: { maxAttempts: 5, initialDelayMs: 60_000, maxDelayMs: 60_000 } },
  );
  await using asking = await serveTool(tool, { clock });
  const run = await asking.send({});
  await failed.opened;
  await run.cancel();
  expect(await run.result()).toMatchObject({ status: 'cancelled' });
  expect(attempts).toHaveLength(1);
});

test('a result that the schema refuses is no failure to repeat', async () => {
  const attempts: number[] = [];
  const tool = defineTool({
    name: 'act',
    description: '',
    input: z.object({}),
    output: z.object({ attempt: z.number() }),
    idempotent: true,
    retry: quick,
    execute: () => {
      attempts.push(1);
      return { attempt: 'one' as never };
    },
  });
  await using asking = await serveTool(tool);
  expect((await asking.ask()).error).toMatchObject({ code: 'TOOL_BAD_OUTPUT' });
  expect(attempts).toHaveLength(1);
});

describe('the wait before an attempt', () => {
  const failure = { cause: new Error('no'), unknown: false };
  const delays = (retry: ToolRetry, random: number) =>
    [1, 2, 3, 4].map((attempt) => toolRetryDelay({ retry, idempotent: true }, failure, { attempt, random: () => random }));

  test('doubles up to its maximum, half of it by chance, and ends with the attempts', () => {
    const retry = { maxAttempts: 4, initialDelayMs: 100, maxDelayMs: 250 };
    expect(delays(retry, 1)).toEqual([100, 200, 250, undefined]);
    expect(delays(retry, 0)).toEqual([50, 100, 125, undefined]);
  });

  test('is 250 ms at first and 10 s at most when nothing is said', () => {
    expect(delays({ maxAttempts: 100 }, 1).slice(0, 2)).toEqual([250, 500]);
    expect(toolRetryDelay({ retry: { maxAttempts: 100 }, idempotent: true }, failure, { attempt: 50, random: () => 1 })).toBe(10_000);
  });
});
