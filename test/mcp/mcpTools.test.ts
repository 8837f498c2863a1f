import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { mcpTools } from '../../src/mcp/index.ts';
import type { Json } from '../../src/protocol/json.ts';
import { startChild } from '../db/childProcess.ts';
import { tempFolder } from '../db/tempFolder.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { httpSample } from './httpSample.ts';
import { SAMPLE_TOOLS } from './sampleServer.ts';
import { callContext, callNamed, isAlive, stdioCommand, toolNamed } from './toolCalls.ts';

checkLeaks();

describe('over streamable HTTP', () => {
  test('brings all tools of all pages, their names prefixed and their schemas kept', async () => {
    await using sample = await httpSample({ pageSize: 5, extra: [{ name: 'bare', inputSchema: { type: 'object' } }] });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    expect(mcp.tools().map((tool) => tool.name)).toEqual([...SAMPLE_TOOLS, { name: 'bare' }].map(({ name }) => `sample__${name}`));
    expect(toolNamed(mcp, 'sample__add')).toMatchObject({
      kind: 'execute',
      description: 'Adds two numbers',
      inputSchema: { type: 'object', required: ['a', 'b'] },
      outputSchema: { required: ['sum'] },
    });
    expect(toolNamed(mcp, 'sample__add').inputSchema).not.toHaveProperty('$schema');
    expect(toolNamed(mcp, 'sample__echo').description).toBe('Says it again');
    expect(toolNamed(mcp, 'sample__bare').inputSchema).toEqual({ type: 'object', properties: {} });
    expect(mcp.instructions).toBe('Add before you echo.');
  });

  test('sends its headers with every request, asked for each time when they are a function', async () => {
    await using sample = await httpSample();
    let token = 0;
    await using mcp = await mcpTools({ name: 'sample', url: sample.url, headers: () => ({ authorization: `Bearer ${++token}` }) });
    await callNamed(mcp, 'sample__echo', { text: 'hi' });
    const tokens = sample.headers.map((headers) => headers.authorization);
    expect(tokens.length).toBeGreaterThan(2);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  test('the server is told the id of the call, as a key for what it changes', async () => {
    const keys: unknown[] = [];
    await using sample = await httpSample({ onCall: (_tool, meta) => keys.push(meta?.['verbatim/idempotencyKey']) });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    await callNamed(mcp, 'sample__set', { key: 'a' });
    expect(keys).toEqual(['call_1']);
  });

  test('what the server changes is there without asking', async () => {
    const extra: { name: string; inputSchema: { type: 'object' } }[] = [];
    await using sample = await httpSample({ extra });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    await vi.waitFor(() => expect(sample.headers.some((headers) => headers.accept === 'text/event-stream')).toBe(true));
    extra.push({ name: 'new', inputSchema: { type: 'object' } });
    await sample.servers[0]?.sendToolListChanged();
    await vi.waitFor(() => expect(mcp.tools().map((tool) => tool.name)).toContain('sample__new'));
  });

  test('a server that cries change all the time is asked once more, and not each time', async () => {
    let lists = 0;
    await using sample = await httpSample({ onList: () => lists++ });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    await vi.waitFor(() => expect(sample.headers.some((headers) => headers.accept === 'text/event-stream')).toBe(true));
    await Promise.all(Array.from({ length: 50 }, () => sample.servers[0]?.sendToolListChanged()));
    await callNamed(mcp, 'sample__echo', { text: 'after' });
    await vi.waitFor(() => expect(lists).toBeGreaterThan(2));
    expect(lists).toBeLessThan(20);
  });

  test('a server that was started again is found by the next call, in a new session', async () => {
    const first = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: first.url });
    await first[Symbol.asyncDispose]();
    await using second = await httpSample({}, first.port);
    expect(await callNamed(mcp, 'sample__add', { a: 1, b: 2 })).toEqual({ sum: 3 });
    expect(second.servers).toHaveLength(1);
  });

  test('a server that is gone fails the call after three attempts, as one that was not carried out', async () => {
    const sample = await httpSample();
    const warn = vi.fn();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url, logger: { info: () => {}, warn, error: () => {} } });
    await sample[Symbol.asyncDispose]();
    // By then the connections that were kept open are known to be closed.
    await vi.waitFor(() => expect(fetch(sample.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } }));
    await expect(callNamed(mcp, 'sample__echo', { text: 'hi' })).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      retryable: true,
      message: 'sample cannot be reached. The call was not carried out.',
    });
    expect(warn.mock.calls.filter(([, message]) => message === 'an MCP server could not be reached')).toHaveLength(3);
  });

  test('an answer that is cut off has an unknown outcome, and the call is not made again', async () => {
    const calls: string[] = [];
    await using sample = await httpSample({ onCall: (tool) => calls.push(tool) });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    const call = callNamed(mcp, 'sample__slow');
    await vi.waitFor(() => expect(calls).toEqual(['slow']));
    sample.cut();
    await expect(call).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await callNamed(mcp, 'sample__echo', { text: 'still here' })).toBe('still here');
    expect(calls).toEqual(['slow', 'echo']);
  });

  test('a call that is stopped is cancelled at the server', async () => {
    const cancelled: string[] = [];
    await using sample = await httpSample({ onCancelled: (tool) => cancelled.push(tool) });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    const stop = new AbortController();
    const progress: Json[] = [];
    const call = callNamed(mcp, 'sample__slow', {}, callContext({ signal: stop.signal, progress: (data) => progress.push(data) }));
    await vi.waitFor(() => expect(progress).toEqual([{ progress: 1, total: 2, message: 'half' }]));
    stop.abort('enough');
    await expect(call).rejects.toThrow('enough');
    await vi.waitFor(() => expect(cancelled).toEqual(['slow']));
  });

  test('an answer of maxMessageBytes is read, and not one byte more', async () => {
    await using sample = await httpSample();
    const overhead = 'data: {"result":{"content":[{"type":"text","text":""}]},"jsonrpc":"2.0","id":2}'.length;
    const maxMessageBytes = 20_000;
    await using mcp = await mcpTools({ name: 'sample', url: sample.url, maxMessageBytes });
    expect(await callNamed(mcp, 'sample__large', { bytes: maxMessageBytes - overhead })).toHaveLength(maxMessageBytes - overhead);
    await expect(callNamed(mcp, 'sample__large', { bytes: maxMessageBytes - overhead + 1 })).rejects.toMatchObject({
      code: 'OUTPUT_TOO_LARGE',
    });
  });
});

describe('over stdio', () => {
  test('starts the command, calls its tools, and takes lines that are no messages', async () => {
    await using mcp = await mcpTools({ name: 'sample', ...stdioCommand() });
    expect(await callNamed(mcp, 'sample__add', { a: 1, b: 2 })).toEqual({ sum: 3 });
  });

  test('the process gets what it is given of the environment, and what is safe', async () => {
    process.env.MCP_TEST_SECRET = 'hidden';
    try {
      await using mcp = await mcpTools({ name: 'sample', ...stdioCommand(), env: { GIVEN: 'yes' } });
      const env = (await callNamed(mcp, 'sample__env')) as Record<string, string>;
      expect(env.GIVEN).toBe('yes');
      expect(env.PATH).toBe(process.env.PATH);
      expect(Object.values(env)).not.toContain('hidden');
    } finally {
      delete process.env.MCP_TEST_SECRET;
    }
  });

  test('a process that dies in a call leaves an unknown outcome, and the next call starts another', async () => {
    const file = join(tempFolder(), 'calls');
    await using mcp = await mcpTools({ name: 'sample', ...stdioCommand('', file) });
    await expect(callNamed(mcp, 'sample__die')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await callNamed(mcp, 'sample__echo', { text: 'anew' })).toBe('anew');
    expect(readFileSync(file, 'utf8')).toBe('die\necho\n');
  });

  test('an idempotent call that was cut off is made once more', async () => {
    const file = join(tempFolder(), 'calls');
    await using mcp = await mcpTools({ name: 'sample', ...stdioCommand('', file) });
    await expect(callNamed(mcp, 'sample__set_and_die')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(readFileSync(file, 'utf8')).toBe('set_and_die\nset_and_die\n');
  });

  test('a message that is too long ends the connection and says so', async () => {
    await using mcp = await mcpTools({ name: 'sample', ...stdioCommand(), maxMessageBytes: 20_000 });
    await expect(callNamed(mcp, 'sample__large', { bytes: 20_000 })).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
    expect(await callNamed(mcp, 'sample__large', { bytes: 10_000 })).toHaveLength(10_000);
  });

  test('a command that is not there is CONFIG_INVALID, at once', async () => {
    await expect(mcpTools({ name: 'sample', command: '/nowhere/at/all' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'The command of sample is not there.',
    });
  });

  test('close leaves no process, however stubborn, nor what it started', async () => {
    const mcp = await mcpTools({ name: 'sample', ...stdioCommand('stubborn'), closeGraceMs: 100 });
    const { pids } = (await callNamed(mcp, 'sample__pids')) as { pids: number[] };
    expect(pids.map(isAlive)).toEqual([true, true]);
    await mcp.close();
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]));
    await expect(callNamed(mcp, 'sample__echo', { text: 'hi' })).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('what a process that died had started is gone too', async () => {
    await using mcp = await mcpTools({ name: 'sample', ...stdioCommand() });
    const { pids } = (await callNamed(mcp, 'sample__pids')) as { pids: number[] };
    await expect(callNamed(mcp, 'sample__die')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]));
  });

  test('kill -9 of this process leaves none either', async () => {
    const parent = startChild('../mcp/orphanParent.ts', ...stdioCommand('stubborn').args);
    const { pids } = JSON.parse(await parent.firstLine()) as { pids: number[] };
    expect(pids.map(isAlive)).toEqual([true, true]);
    await parent.kill();
    await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 15_000 });
  });
});

describe('results', () => {
  test('an image is a file, with the text beside it as its preview; several files are named in the text', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    expect(await callNamed(mcp, 'sample__picture')).toMatchObject({
      '~file': true,
      type: 'image/png',
      preview: 'A red dot',
      bytes: Buffer.from('iVBORw0KGgo=', 'base64'),
    });
    expect(await callNamed(mcp, 'sample__report')).toBe(
      'Two files:\n[plan: docs:plan]\na note\n[image/png, 3 bytes]\n[application/octet-stream, 3 bytes]',
    );
  });

  test('what the tool says went wrong is what the model is told', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    await expect(callNamed(mcp, 'sample__fail')).rejects.toThrow('The title is missing. Give one.');
  });

  test('inputs and outputs are checked by the schemas of the server', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    const add = toolNamed(mcp, 'sample__add');
    expect(add.parseInput({ a: 1, b: 'two' })).toEqual({ ok: false, issues: 'data/b must be number' });
    expect(add.parseInput({ a: 1 })).toEqual({ ok: false, issues: "data must have required property 'b'" });
    const lie = await callNamed(mcp, 'sample__lie');
    expect(toolNamed(mcp, 'sample__lie').parseOutput(lie)).toEqual({ ok: false, issues: 'data/sum must be number' });
  });
});

describe('policies', () => {
  const approvalOf = (mcp: Parameters<typeof toolNamed>[0], name: string) => toolNamed(mcp, name).needsApproval({}, {});

  test('by its hints a tool may be called again, or needs an approval', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    expect(
      mcp
        .tools()
        .filter((tool) => tool.idempotent)
        .map((tool) => tool.name),
    ).toEqual(['sample__add', 'sample__set', 'sample__set_and_die']);
    expect(await approvalOf(mcp, 'sample__destroy')).toEqual({});
    expect(await approvalOf(mcp, 'sample__add')).toBeUndefined();
    expect(await approvalOf(mcp, 'sample__echo')).toBeUndefined();
  });

  test('hints that are not trusted make no tool idempotent, and each needs an approval', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({ name: 'sample', url: sample.url, trustHints: false });
    expect(mcp.tools().filter((tool) => tool.idempotent)).toEqual([]);
    expect(await approvalOf(mcp, 'sample__add')).toEqual({});
  });

  test('options go before hints, and those of one tool before those of all', async () => {
    await using sample = await httpSample();
    await using mcp = await mcpTools({
      name: 'sample',
      url: sample.url,
      include: ['add', 'destroy', 'echo'],
      timeoutMs: 5_000,
      scopes: ['read'],
      needsApproval: { role: 'admin' },
      tools: { destroy: { needsApproval: false, idempotent: true, timeoutMs: 100, maxConcurrent: 1 } },
    });
    expect(mcp.tools().map((tool) => tool.name)).toEqual(['sample__add', 'sample__echo', 'sample__destroy']);
    expect(toolNamed(mcp, 'sample__add')).toMatchObject({ timeoutMs: 5_000, scopes: ['read'], idempotent: true });
    expect(toolNamed(mcp, 'sample__destroy')).toMatchObject({ timeoutMs: 100, maxConcurrent: 1, idempotent: true, scopes: ['read'] });
    expect(await approvalOf(mcp, 'sample__destroy')).toBeUndefined();
    expect(await approvalOf(mcp, 'sample__echo')).toEqual({ role: 'admin' });
  });
});

describe('what cannot work is refused', () => {
  const invalid = (message: string) => expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) });
  const tool = (name: string, more: object = {}) => ({ name, inputSchema: { type: 'object' as const }, ...more });

  test('two tools whose names would be the same', async () => {
    await using sample = await httpSample({ extra: [tool('a.b'), tool('a/b')] });
    await expect(mcpTools({ name: 'sample', url: sample.url })).rejects.toEqual(invalid('sample__a.b and sample__a/b'));
  });

  test('a tool that is to be included and is not there', async () => {
    await using sample = await httpSample();
    await expect(mcpTools({ name: 'sample', url: sample.url, include: ['subtract'] })).rejects.toEqual(invalid('no tool "subtract"'));
    await expect(mcpTools({ name: 'sample', url: sample.url, tools: { subtract: {} } })).rejects.toEqual(invalid('no tool "subtract"'));
  });

  test('a name that no provider takes', async () => {
    await expect(mcpTools({ name: 'my server', url: 'http://127.0.0.1:9/' })).rejects.toEqual(invalid('"my server"'));
  });

  test('more than maxTools tools', async () => {
    await using sample = await httpSample();
    await using all = await mcpTools({ name: 'sample', url: sample.url, maxTools: SAMPLE_TOOLS.length });
    expect(all.tools()).toHaveLength(SAMPLE_TOOLS.length);
    await expect(mcpTools({ name: 'sample', url: sample.url, maxTools: SAMPLE_TOOLS.length - 1 })).rejects.toEqual(
      invalid('more than 13 tools'),
    );
  });

  test('a tool with a schema that cannot be read, or that is a task only, is left out and the operator told', async () => {
    const warn = vi.fn();
    const broken = tool('broken', { inputSchema: { type: 'object', properties: { a: { $ref: 'https://example.com/schema' } } } });
    await using sample = await httpSample({ extra: [broken, tool('later', { execution: { taskSupport: 'required' } })] });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url, logger: { info: () => {}, warn, error: () => {} } });
    expect(mcp.tools()).toHaveLength(SAMPLE_TOOLS.length);
    expect(warn.mock.calls.map(([fields]) => fields.tool)).toEqual(['broken', 'later']);
  });

  test('names that are too long are cut, and stay apart', async () => {
    const long = 'x'.repeat(100);
    await using sample = await httpSample({ extra: [tool(`${long}1`), tool(`${long}2`)] });
    await using mcp = await mcpTools({ name: 'sample', url: sample.url });
    const names = mcp
      .tools()
      .map(({ name }) => name)
      .slice(-2);
    expect(names.map((name) => name.length)).toEqual([64, 64]);
    expect(new Set(names).size).toBe(2);
  });
});
