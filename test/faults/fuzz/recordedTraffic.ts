import { createInputs } from '../../../src/protocol/inputs.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/limits.ts';
import { appRouter } from '../../../src/server/routers/router.ts';
import type { Services } from '../../../src/server/services.ts';

/** What a server was asked before. Ids are of things there are. */
export interface Recorded {
  readonly threadId: string;
  readonly runId: string;
  readonly fileId: string;
  /** Of somebody else. */
  readonly foreignThreadId: string;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Procedure {
  readonly path: string;
  readonly type: 'query' | 'mutation' | 'subscription';
}

/** Of every procedure that there is: a new one is among them by itself. */
const PROCEDURES: readonly Procedure[] = Object.entries(procedures()).map(([path, { _def }]) => ({ path, type: _def.type }));

function procedures() {
  // No other service is used before a call.
  const services = { agents: {}, limits: DEFAULT_LIMITS, inputs: createInputs(DEFAULT_LIMITS) } as unknown as Services;
  // At run time the paths are flat; tRPC's types show them nested.
  return appRouter(services)._def.procedures as unknown as Record<string, { readonly _def: { readonly type: Procedure['type'] } }>;
}

/** One input that has what any procedure asks for: keys that it does not know it ignores. */
function inputOf({ threadId, runId, fileId }: Recorded): Record<string, unknown> {
  return {
    threadId,
    runId,
    fileId,
    messageId: 'msg_none',
    callId: 'call_none',
    agent: 'echo',
    text: 'hello',
    title: 'a title',
    metadata: { a: { b: [1, 'two', null] } },
    context: {},
    attachments: [],
    messages: [{ role: 'user', text: 'before' }],
    key: 'k',
    decision: 'approve',
    limit: 10,
    timeoutMs: 0,
    lastEventId: 0,
    include: ['tool.input.delta'],
    options: { temperature: 1 },
    idempotencyKey: 'one',
  };
}

/** Frames of a WebSocket. */
export function recordedFrames(recorded: Recorded): readonly unknown[] {
  const input = inputOf(recorded);
  const call = ({ path, type }: Procedure, id: number, given: unknown = input): unknown => ({
    id,
    jsonrpc: '2.0',
    method: type,
    params: { path, input: { json: given } },
  });
  const calls = PROCEDURES.map((procedure, index) => call(procedure, index + 1));
  const foreign = PROCEDURES.map((procedure, index) => call(procedure, index + 1, { ...input, threadId: recorded.foreignThreadId }));
  return [
    ...calls,
    ...foreign,
    calls.slice(0, 5),
    { id: 1, method: 'subscription.stop' },
    { method: 'connectionParams', data: { token: 'mallory' } },
    'PING',
    'PONG',
  ];
}

/** Requests over HTTP, to every route. */
export function recordedRequests(recorded: Recorded): readonly RecordedRequest[] {
  const input = { json: inputOf(recorded) };
  const headers = { host: '127.0.0.1', authorization: 'Bearer mallory', 'content-type': 'application/json' };
  const encoded = encodeURIComponent(JSON.stringify(input));
  const calls = PROCEDURES.map(({ path, type }): RecordedRequest => {
    if (type === 'mutation') return { method: 'POST', path: `/trpc/${path}`, headers, body: input };
    return { method: 'GET', path: `/trpc/${path}?input=${encoded}`, headers, body: undefined };
  });
  const rpc = (method: string, params: object): RecordedRequest => ({
    method: 'POST',
    path: '/mcp',
    headers: { ...headers, accept: 'application/json, text/event-stream' },
    body: { jsonrpc: '2.0', id: 1, method, params },
  });
  const initialize = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a', version: '1' } };
  return [
    ...calls,
    {
      method: 'GET',
      path: `/trpc/agents.list,threads.list?batch=1&input=${encodeURIComponent('{"0":{"json":{}},"1":{"json":{}}}')}`,
      headers,
      body: undefined,
    },
    { method: 'POST', path: '/trpc/threads.create,threads.create?batch=1', headers, body: { 0: input, 1: input } },
    { method: 'POST', path: '/files?name=a.txt', headers: { ...headers, 'content-type': 'text/plain' }, body: 'hello' },
    { method: 'GET', path: `/files/${recorded.fileId}`, headers: { ...headers, range: 'bytes=0-2' }, body: undefined },
    rpc('initialize', initialize),
    rpc('tools/call', { name: 'echo', arguments: { text: 'hello' } }),
    { method: 'DELETE', path: '/mcp', headers: { ...headers, 'mcp-session-id': 'none' }, body: undefined },
    {
      method: 'POST',
      path: '/oauth/token',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=password&username=a&password=b',
    },
    { method: 'OPTIONS', path: '/trpc/threads.create', headers: { ...headers, 'access-control-request-method': 'POST' }, body: undefined },
    {
      method: 'GET',
      path: '/trpc?connectionParams=1',
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
      body: undefined,
    },
    { method: 'GET', path: '/health', headers, body: undefined },
  ];
}
