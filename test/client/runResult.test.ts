import { expect, test } from 'vitest';
import { type RunResult, RunResultFold } from '../../src/client/runResult.ts';
import type { AnyEvent, EventDraft } from '../../src/protocol/event.ts';
import { runEvents } from './logServer.ts';

const usage = { inputTokens: 1, outputTokens: 1 };

function resultOf(drafts: readonly EventDraft[]): RunResult | undefined {
  const fold = new RunResultFold('r0');
  let result: RunResult | undefined;
  for (const [i, draft] of drafts.entries()) result = fold.add({ ...draft, seq: i + 1, at: 1 } as AnyEvent) ?? result;
  return result;
}

const cancelled: EventDraft = { type: 'run.cancelled', runId: 'r0', by: 'p', usage };

test('the text is that of the last message that has any; discarded text is no part of it', () => {
  const result = resultOf([
    { type: 'text.delta', runId: 'r0', messageId: 'a', delta: 'Looking it up' },
    { type: 'message.completed', runId: 'r0', messageId: 'a', text: 'Looking it up.', finish: 'tool_calls' },
    { type: 'text.delta', runId: 'r0', messageId: 'b', delta: 'Wrong' },
    { type: 'message.discarded', runId: 'r0', messageId: 'b', reason: 'interrupted' },
    { type: 'message.completed', runId: 'r0', messageId: 'c', text: '', finish: 'stop' },
    cancelled,
  ]);
  expect(result).toEqual({ status: 'cancelled', text: 'Looking it up.', usage, cancelledBy: 'p' });
});

test('deltas alone, or completed messages alone, give the same text', () => {
  const whole = runEvents('r0', ['Hel', 'lo']);
  const withoutDeltas = whole.filter((event) => event.type !== 'text.delta');
  const withoutCompleted = whole.filter((event) => event.type !== 'message.completed');
  expect(resultOf(withoutDeltas)).toEqual(resultOf(whole));
  expect(resultOf(withoutCompleted)).toEqual(resultOf(whole));
});

test('a failed run says why; another run says nothing', () => {
  const error = { code: 'MODEL_TIMEOUT', message: 'm', retryable: true } as const;
  expect(resultOf([...runEvents('r1', ['other']), { type: 'run.failed', runId: 'r0', error, usage }])).toEqual({
    status: 'failed',
    text: '',
    usage,
    error,
  });
});

test('files are those of the run’s tools, from events and from a snapshot alike', () => {
  const file = { id: 'file_1', type: 'image/png', size: 3 };
  expect(resultOf([{ type: 'tool.file', runId: 'r0', callId: 'c', tool: 'draw', file, preview: 'a picture' }, cancelled])).toMatchObject({
    files: [file],
  });
  const call = { callId: 'c', tool: 'draw', input: {}, status: 'completed', output: 'a picture', file } as const;
  const message = { id: 'm', role: 'assistant', runId: 'r0', text: '', status: 'complete', toolCalls: [call], at: 1 } as const;
  const fold = new RunResultFold('r0');
  fold.add({ type: 'thread.snapshot', seq: 1, at: 1, messages: [message], earlier: false });
  expect(fold.add({ ...cancelled, seq: 2, at: 1 } as AnyEvent)).toMatchObject({ files: [file] });
});
