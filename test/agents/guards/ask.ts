import type { GuardInput } from '../../../src/agents/guard.ts';

/** A question to a guard, with nothing in it but what the test is about. */
export function ask(text: string, change: Partial<GuardInput> = {}): GuardInput {
  return {
    stage: 'input',
    part: 'text',
    text,
    before: '',
    asked: text,
    agent: 'assistant',
    principal: { id: 'ann' },
    threadId: 'thread_1',
    runId: 'run_1',
    context: undefined,
    signal: new AbortController().signal,
    ...change,
  };
}
