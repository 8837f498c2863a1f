import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/agents/defineTool.ts';
import { serveTool } from '../runs/askedTool.ts';
import { eventsOf, gate, until } from '../runs/runSupport.ts';
import { checkLeaks } from '../support/leakCheck.ts';

checkLeaks();

// Calls that are the same at the same time shared one result also when that was a file, which belongs to the thread of one of them.
test('a result that is a file is made for each of the calls that wait for it: nobody gets that of another thread', async () => {
  const held = gate();
  let made = 0;
  const tool = defineTool({
    name: 'report',
    description: '',
    input: z.object({}),
    output: z.string(),
    cache: { ttlMs: 60_000, scope: 'everyone' },
    execute: async () => {
      made++;
      await held.opened;
      return 'x'.repeat(2_000);
    },
  });
  await using asking = await serveTool(tool, { limits: { maxToolOutputBytes: 1_024 } });
  const owners = [{ id: 'ann' }, { id: 'bob' }] as const;
  const runs = await Promise.all(owners.map((principal) => asking.send({}, { principal })));
  await Promise.all(runs.map((run) => until(run, 'tool.called')));
  held.open();
  for (const [index, run] of runs.entries()) {
    const file = (await eventsOf(run)).find((event) => event.type === 'tool.file');
    if (file?.type !== 'tool.file') throw new Error('there is no file');
    const info = await asking.server
      .as(owners[index]?.id ?? '')
      .client()
      .files.get(file.file.id);
    expect(info).toMatchObject({ threadId: run.threadId, size: 2_002 });
  }
  expect(made).toBe(2);
});
