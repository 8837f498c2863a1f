import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { scriptedModel } from '../../src/testing/index.ts';

const model = scriptedModel([]);
const run = async function* () {};

test.each<[definition: object, message: RegExp]>([
  [{}, /needs a `model` or a `run`. It has neither/],
  [{ model: undefined }, /needs a `model` or a `run`/],
  [{ model, run }, /not both/],
  [{ model: 'gpt-5' }, /has no `stream`/],
  [{ model: null }, /has no `stream`/],
  [{ model: { name: 'mine' } }, /has no `stream`/],
  [{ run: 'go' }, /must be an async generator function/],
])('an agent of %j is a TypeError', (definition, message) => {
  const wrong = { description: 'wrong', ...definition } as unknown as Parameters<typeof defineAgent>[0];
  expect(() => defineAgent(wrong)).toThrow(TypeError);
  expect(() => defineAgent(wrong)).toThrow(message);
});

test('a model, a function that gives one, and a generator are taken', () => {
  expect(defineAgent({ description: '', model }).kind).toBe('model');
  expect(defineAgent({ description: '', model: () => model }).kind).toBe('model');
  expect(defineAgent({ description: '', run }).kind).toBe('custom');
});
