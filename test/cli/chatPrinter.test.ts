import { describe, expect, test } from 'vitest';
import { ChatPrinter } from '../../src/cli/chatPrinter.ts';
import type { AnyEvent } from '../../src/protocol/event.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';

function screen(isTTY: boolean) {
  const stream = {
    isTTY,
    text: '',
    write(text: string) {
      stream.text += text;
    },
  };
  return stream;
}

type Draft = AnyEvent extends infer E ? (E extends AnyEvent ? Omit<E, 'seq' | 'at' | 'runId'> : never) : never;

function play(drafts: readonly Draft[], out = screen(false), notes = screen(false)) {
  const printer = new ChatPrinter(out, notes);
  // The omitted fields are the same for all and not shown.
  for (const draft of drafts) printer.event({ seq: 1, at: 0, runId: 'run_1', ...draft } as AnyEvent);
  return { out: out.text, notes: notes.text };
}

const started = (messageId: string): Draft => ({ type: 'message.started', messageId, agent: 'assistant', step: 1 });
const delta = (text: string): Draft => ({ type: 'text.delta', messageId: 'm', delta: text });
const completed = (text: string): Draft => ({ type: 'message.completed', messageId: 'm', text, finish: 'stop' });
const discarded: Draft = { type: 'message.discarded', messageId: 'm', reason: 'interrupted' };
const usage = { inputTokens: 1, outputTokens: 1 };

describe('in a pipe', () => {
  test('stdout has the words and nothing else', () => {
    const { out, notes } = play([
      started('m'),
      delta('I look'),
      { type: 'tool.called', callId: 'c', tool: 'lookup', input: { id: '42' }, messageId: 'm' },
      { type: 'run.status', text: 'searching' },
      delta(' it up.'),
      completed('I look it up.'),
      { type: 'tool.completed', callId: 'c', tool: 'lookup', output: { total: 3 } },
      { type: 'run.completed', usage, outcome: 'complete' },
    ]);
    expect(out).toBe('I look it up.\n');
    expect(notes).toBe('> lookup {"id":"42"}\n~ searching\n< lookup {"total":3}\n');
  });

  test('text that was withdrawn and said again stands there once', () => {
    const { out, notes } = play([
      started('m'),
      delta('1 2 3'),
      discarded,
      { type: 'run.resumed', attempt: 2, reason: 'crash' },
      started('n'),
      delta('1 2'),
      delta(' 3 4'),
      completed('1 2 3 4'),
    ]);
    expect(out).toBe('1 2 3 4\n');
    expect(notes).toBe('~ the server was restarted; going on\n');
  });

  test('another answer after a withdrawn one begins on a line of its own, and is announced', () => {
    const { out, notes } = play([
      started('m'),
      delta('one two'),
      discarded,
      started('n'),
      delta('one'),
      delta(', deux'),
      completed('one, deux'),
    ]);
    expect(out).toBe('one two\none, deux\n');
    expect(notes).toBe('~ what stands above was withdrawn; instead:\n');
  });
});

test('a run that fails with its text withdrawn says both', () => {
  const error = new VerbatimError('INTERRUPTED', 'The server ended three times').info;
  const { out, notes } = play([started('m'), delta('one'), discarded, { type: 'run.failed', error, usage }]);
  expect(out).toBe('one\n');
  expect(notes).toBe('~ what stands above was withdrawn\nx The server ended three times (INTERRUPTED)\n');
});

test('on one terminal a note begins on a line of its own', () => {
  const terminal = screen(true);
  const env = process.env.NO_COLOR;
  process.env.NO_COLOR = '1';
  try {
    play([started('m'), delta('one'), { type: 'run.status', text: 'searching' }, delta(' two'), completed('one two')], terminal, terminal);
  } finally {
    if (env === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = env;
  }
  expect(terminal.text).toBe('one\n~ searching\n two\n');
});

test('a lost connection is told once, and that it is back', () => {
  const notes = screen(false);
  const own = new ChatPrinter(screen(false), notes);
  const reason = new VerbatimError('CONNECTION_LOST', 'The connection to the server was lost');
  own.connection({ status: 'online' });
  own.connection({ status: 'offline', reason, nextAttemptAt: 0 });
  own.connection({ status: 'connecting', reason });
  own.connection({ status: 'offline', reason, nextAttemptAt: 0 });
  own.connection({ status: 'online' });
  expect(notes.text).toBe('~ The connection to the server was lost; trying again\n~ connected again, and nothing was missed\n');
});

test('a long tool output is one bounded line', () => {
  const { notes } = play([{ type: 'tool.completed', callId: 'c', tool: 'dump', output: 'x\n'.repeat(10_000) }]);
  expect(notes.length).toBeLessThan(200);
  expect(notes.trimEnd()).not.toContain('\n');
});
