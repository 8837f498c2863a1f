import { expect, test } from 'vitest';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { createTestServer } from '../../src/testing/createTestServer.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { closedGate } from '../testing/gate.ts';

checkLeaks();

test('twenty calls that wait for a run are not reported as a leak', async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  try {
    const gate = closedGate();
    const model = scriptedModel([{ waitFor: gate.opened, text: 'Hello.' }]);
    await using server = await createTestServer({ agents: { a: defineAgent({ description: 'a', model }) } });
    const client = server.client();
    const { id: runId } = await client.send({ agent: 'a', text: 'hi' });
    const waits = Array.from({ length: 20 }, () => client.trpc.runs.wait.query({ runId }));
    // Answered after all of them have begun to wait.
    await client.trpc.runs.wait.query({ runId, timeoutMs: 0 });
    gate.open();
    expect((await Promise.all(waits)).map((run) => run.status)).toEqual(Array.from({ length: 20 }, () => 'completed'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', onWarning);
  }
});
