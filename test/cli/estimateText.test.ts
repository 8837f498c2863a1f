import { expect, test } from 'vitest';
import { estimateText } from '../../src/cli/estimateText.ts';
import type { Usage } from '../../src/protocol/event.ts';
import { addUsage, usageOfModel } from '../../src/protocol/usage.ts';

const counted: Usage = { inputTokens: 3, outputTokens: 2 };
const guessed: Usage = { ...counted, estimated: true };
const none: Usage = { inputTokens: 0, outputTokens: 0 };

test.each([
  ['nothing', [], undefined],
  ['what providers reported', [counted, counted], undefined],
  ['all of it, but for an answer that never began', [guessed, none, guessed], 'estimated'],
  ['one answer of two', [guessed, counted], 'in part estimated'],
  ['one model of two in an answer', [addUsage(usageOfModel('a', guessed), usageOfModel('b', counted))], 'in part estimated'],
  ['both models of an answer', [addUsage(usageOfModel('a', guessed), usageOfModel('b', guessed))], 'estimated'],
] as const)('%s', (_, usages, text) => {
  expect(estimateText(usages)).toBe(text);
});
