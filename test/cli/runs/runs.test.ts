import { expect, test, vi } from 'vitest';
import { createClient } from '../../../src/client/index.node.ts';
import type { JsonApi } from '../../../src/protocol/contract.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';
import { openRunFolder } from './runFolder.ts';

vi.setConfig({ testTimeout: 60_000 });

test('a run is shown as a tree: steps, tools, approvals and the run under it, with times, tokens and cost', async () => {
  const { client, run } = await openRunFolder();
  const sent = await client.send({ agent: 'support', text: 'Where is order 42?\nAnd \u001b[31m7?' });
  const asked = await vi.waitFor(
    async () => {
      const [first] = (await client.approvals.list({ status: 'pending' })).items;
      expect(first).toBeDefined();
      expect((await client.run(sent.id).info()).status).toBe('waiting');
      return first;
    },
    { timeout: 10_000 },
  );
  const waiting = await run('runs', 'show', sent.id);
  expect(waiting.stdout).toMatch(/^run_\w+ waiting\n/);
  expect(waiting.stdout).toMatch(/ refund +\+.*waits for approval: \{"orderId":"42"\}/);

  await client.approvals.decide({ callId: asked?.callId ?? '', decision: 'approve', reason: 'a good customer' });
  await sent.result();
  const shown = await run('runs', 'show', sent.id);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  const [head = '', tree = ''] = shown.stdout.split('\n\n');
  expect(head).toMatch(/^run_\w+ completed\n/);
  expect(head).toContain('asked    Where is order 42? And ␛[31m7?');
  expect(head).toMatch(/tokens {3}\d+ in, \d+ out\ncost {5}0\.\d+/);
  const time = String.raw` +\+\d[\d.]* m?s +\d[\d.]* m?s  `;
  const used = String.raw`\d+ in, \d+ out, cost [\d.]+, first after \d+ ms: `;
  const line = (start: string, end: string): RegExp => new RegExp(`^${start}${time}${end}$`);
  const wanted = [
    line('├─ step 1', `${used}"Let me look."`),
    line('├─ lookup_order', String.raw`\{"orderId":"7"\} failed: There is no order ␛\[31m7 \(TOOL_FAILED\)`),
    line('├─ researcher', '\\{"task":"find 42"\\} -> "It is 日本語."'),
    line('│  └─ researcher', String.raw`run_\w+ completed, \d+ tokens, cost 0\.\d+`),
    line('│     ├─ step 1', `${used}"I look."`),
    line('│     ├─ lookup_order', String.raw`\{"orderId":"42"\} -> \{"total":30\}`),
    line('│     └─ step 2', `${used}"It is 日本語."`),
    line('├─ refund', String.raw`approved by local after .* \(a good customer\): \{"orderId":"42"\} -> \{"ok":true\}`),
    line('└─ step 2', String.raw`${used}"Done. ␛\[2Jgone"`),
  ];
  const lines = tree.trimEnd().split('\n');
  expect(lines).toHaveLength(wanted.length);
  for (const [at, pattern] of wanted.entries()) expect(lines[at]).toMatch(pattern);

  const json = JSON.parse((await run('runs', 'show', sent.id, '--json')).stdout);
  expect(json).toMatchObject({ run: { id: sent.id, status: 'completed' }, asked: 'Where is order 42?\nAnd \u001b[31m7?' });
  expect(json.parts.map(({ kind }: { kind: string }) => kind)).toEqual(['step', 'tool', 'tool', 'tool', 'step']);
  expect(json.parts[2].children[0].run).toMatchObject({ agent: 'researcher', parentRunId: sent.id });
});

test('runs are listed, by thread and by status, and as JSON', async () => {
  const { client, run } = await openRunFolder();
  expect(await run('runs', 'list')).toEqual({ code: 0, stdout: '', stderr: 'There are no such runs.\n' });
  const good = await client.send({ agent: 'counter', text: 'count to 3' });
  const bad = await client.send({ agent: 'broken', text: 'hello' });
  await Promise.all([good.result(), bad.result()]);
  const all = await run('runs', 'list');
  expect(all.stdout).toMatch(/^ID +STATUS +AGENT +TOOK +CREATED +TOKENS +COST +THREAD\n/);
  expect(all.stdout).toMatch(new RegExp(`\n${good.id}  completed  counter `));
  expect(all.stdout).toMatch(new RegExp(`\n${bad.id}  failed     broken `));
  expect((await run('runs', 'list', '--status', 'failed')).stdout).not.toContain(good.id);
  expect((await run('runs', 'list', '--thread', good.threadId)).stdout).not.toContain(bad.id);
  const json = JSON.parse((await run('runs', 'list', '--json')).stdout) as { id: string; status: string }[];
  expect(json.map(({ id, status }) => ({ id, status }))).toEqual([
    { id: bad.id, status: 'failed' },
    { id: good.id, status: 'completed' },
  ]);
  const one = await run('runs', 'list', '--limit', '1');
  expect(one.stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(one.stderr).toContain('--limit 5');
});

test('the events of a run are lines, or JSON, and the exit code says how it ended', async () => {
  const { client, run } = await openRunFolder();
  const good = await client.send({ agent: 'counter', text: 'count to 3' });
  const lines = await run('runs', 'watch', good.id);
  expect(lines.code).toBe(0);
  expect(lines.stdout).toMatch(/^ {5}1 {2}\d\d:\d\d:\d\d\.\d{3} {2}message\.received {4}agent=counter text="count to 3" /);
  expect(lines.stdout).toMatch(/ run\.completed [^\n]*\n$/);
  const json = await run('runs', 'watch', good.id, '--json');
  const events = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; type: string });
  expect(events.at(0)).toMatchObject({ type: 'message.received', text: 'count to 3' });
  expect(events.at(-1)).toMatchObject({ type: 'run.completed', runId: good.id });

  const bad = await client.send({ agent: 'broken', text: 'hello' });
  const failed = await run('runs', 'watch', bad.id);
  expect(failed.code).toBe(1);
  expect(failed.stdout).not.toContain('\u001b');
});

test('a run is watched through the end of its server, and each event is printed once', async () => {
  await using folder = new CliFolder();
  const args = ['--db', 'runs.db'];
  const { url, command: server } = await folder.serve(args, { VERBATIM_OFFLINE_TPS: '40' });
  const client = createClient<JsonApi>({ url });
  const { id } = await client.send({ agent: 'assistant', text: 'count to 2000' });
  await client.close();
  const watch = folder.verbatim(['runs', 'watch', id, '--json', '--url', url]);
  await watch.output('stdout', /text\.delta/);
  server.kill('SIGKILL');
  await watch.output('stderr', /trying again/);
  await folder.serve([...args, '--port', new URL(url).port], { VERBATIM_OFFLINE_TPS: '0' });
  expect((await watch.exited).code).toBe(0);
  expect(watch.stderr).toContain('connected again, and nothing was missed');
  let last = 0;
  const types: string[] = [];
  for (const line of watch.stdout.trimEnd().split('\n')) {
    const event = JSON.parse(line) as { seq: number; firstSeq?: number; type: string };
    expect(event.firstSeq ?? event.seq).toBe(last + 1);
    last = event.seq;
    types.push(event.type);
  }
  expect(types).toContain('run.resumed');
  expect(types.at(-1)).toBe('run.completed');
});

test('runs are cancelled, and a watch of one ends with 2', async () => {
  const { client, run, start } = await openRunFolder({ tokensPerSecond: 20 });
  const sent = await client.send({ agent: 'counter', text: 'count to 100000' });
  const watch = start('runs', 'watch', sent.id);
  await watch.output('stdout', /text\.delta/);
  expect(await run('runs', 'cancel', sent.id)).toEqual({ code: 0, stdout: '', stderr: `${sent.id} is cancelled.\n` });
  expect((await watch.exited).code).toBe(2);
  expect((await run('runs', 'cancel', sent.id)).stderr).toBe(`${sent.id} had been cancelled already.\n`);
  const json = JSON.parse((await run('runs', 'cancel', sent.id, '--json')).stdout);
  expect(json).toMatchObject([{ id: sent.id, status: 'cancelled' }]);
});

test('one that is not there, and a server that is not there, are sentences', async () => {
  const { run } = await openRunFolder();
  const missing = await run('runs', 'show', 'run_nothing');
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^verbatim: .*\(NOT_FOUND\)\n$/);
  const nowhere = await run('runs', 'list', '--url', 'http://127.0.0.1:9');
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toContain('No Verbatim server answers at http://127.0.0.1:9');
});

test('whoever closes the pipe has enough: that is no error', async () => {
  const { client, folder, url } = await openRunFolder();
  const sent = await client.send({ agent: 'counter', text: 'count to 20000' });
  await sent.result();
  const piped = folder.spawn('bash', [
    '-c',
    `set -o pipefail; "${process.execPath}" "${VERBATIM_COMMAND}" runs watch ${sent.id} --url ${url} | head -n 1`,
  ]);
  expect((await piped.exited).code).toBe(0);
  expect(piped.stdout).toContain('message.received');
  expect(piped.stderr).not.toContain('EPIPE');
});
