import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function written(stream: { readonly isTTY?: boolean; readonly columns?: number }, env: NodeJS.ProcessEnv = {}) {
  const texts: string[] = [];
  const progress = new Progress('Reading runs', { ...stream, write: (text) => texts.push(text) }, { NO_COLOR: '1', ...env });
  return { texts, progress };
}

test('what is over in a second is not told', () => {
  const { texts, progress } = written({ isTTY: true });
  vi.advanceTimersByTime(999);
  progress.stop();
  vi.advanceTimersByTime(10_000);
  expect(texts).toEqual([]);
});

test('on a terminal it is one line that changes and is gone at the end', () => {
  const { texts, progress } = written({ isTTY: true, columns: 20 });
  vi.advanceTimersByTime(1_000);
  progress.text = 'Reading runs: 2,000 of many';
  vi.advanceTimersByTime(100);
  progress.stop();
  vi.advanceTimersByTime(10_000);
  expect(texts).toEqual([expect.stringMatching(/^\r\S* ?.*Reading runs/), expect.stringContaining('Reading runs: 2,…'), '\r\u001b[K']);
  expect(texts[1]).not.toContain('many');
});

test.each([{ isTTY: false }, { isTTY: true, TERM: 'dumb' }])('elsewhere it is one line, once: %j', ({ isTTY, TERM }) => {
  const { texts, progress } = written({ isTTY }, TERM === undefined ? {} : { TERM });
  vi.advanceTimersByTime(60_000);
  progress.stop();
  expect(texts).toEqual(['Reading runs...\n']);
});
