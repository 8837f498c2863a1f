import { expect, test } from 'vitest';
import { CallsAtWork } from '../../src/agents/callsAtWork.ts';
import { Nudges } from '../../src/agents/nudges.ts';
import type { Drive } from '../../src/agents/runWorker.ts';

// It was forgotten when a decision about another call came at the same moment: the call stayed ready, and the worker span on it for ever.
test('a call that cannot be begun ends its run, also when somebody answers another one meanwhile', async () => {
  const nudges = new Nudges();
  nudges.nudge();
  const ready = { id: 'call_1', tool: 'gone', agent: null, editedInput: null, input: {} };
  let looks = 0;
  const store = {
    async readyCalls() {
      // As long as a failure takes to be heard of.
      for (let turn = 0; turn < 20; turn++) await undefined;
      return [ready];
    },
    async settleCalls() {
      if (++looks > 3) throw new Error('it goes round in circles');
      return { kind: 'ready', calls: [ready] };
    },
  };
  const drive = { store, nudges, held: {}, signal: new AbortController().signal } as unknown as Drive;
  const calls = new CallsAtWork(drive, { name: 'bot', tools: [] } as never);
  await expect(calls.settle([])).rejects.toMatchObject({ code: 'AGENT_CHANGED' });
});
