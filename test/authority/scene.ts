import { z } from 'zod';
import type { Model } from '../../src/agents/model.ts';
import { createServer, defineAgent, defineTool, type Principal, type ServerOptions, type VerbatimServer } from '../../src/index.ts';
import { UNBOUNDED_CALLERS } from '../../src/protocol/tiers.ts';
import type { Caller, Ids, Row } from './rows.ts';

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  owner: { id: 'ann', tenant: 'acme' },
  reader: { id: 'rea', tenant: 'acme' },
  writer: { id: 'wri', tenant: 'acme' },
  other: { id: 'oz', tenant: 'acme', roles: ['support'] },
  // The same id as the owner's, and an administrator of its own tenant.
  otherTenant: { id: 'ann', tenant: 'globex', roles: ['admin'] },
  admin: { id: 'root', roles: ['admin'] },
  expired: { id: 'ann', tenant: 'acme', expiresAt: 1 },
};

const echo = defineAgent({
  description: 'echoes',
  run: async function* ({ text, memory }) {
    await memory.thread.set('k', text);
    yield { type: 'text.delta', delta: text };
  },
});

/** Calls both of its tools, and waits for what comes of them. */
const asking: Model = {
  name: 'asking',
  async *stream({ messages }) {
    if (messages.at(-1)?.role === 'user') {
      const toolCalls = ['guarded', 'by_client'].map((tool) => ({ tool, arguments: '{}' }));
      yield { type: 'finish', finish: 'tool_calls', toolCalls };
    } else {
      yield { type: 'text', delta: 'done' };
      yield { type: 'finish', finish: 'stop', toolCalls: [] };
    }
  },
};

const guarded = defineTool({
  name: 'guarded',
  description: 'needs a person',
  input: z.object({}),
  output: z.string(),
  needsApproval: true,
  execute: () => 'done',
});
const byClient = defineTool({ name: 'by_client', description: 'is done by the client', input: z.object({}), output: z.string() });
const ask = defineAgent({ description: 'asks', model: asking, tools: [guarded, byClient] });

export interface Scene extends Ids {
  readonly tokens: Readonly<Partial<Record<Caller, string>>>;
}

/** A server with everybody who calls, and the answers that they get over HTTP. */
export class Stage {
  readonly url: string;
  readonly #server: VerbatimServer;

  private constructor(server: VerbatimServer, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async open(options: Partial<ServerOptions> = {}): Promise<Stage> {
    const server = await createServer({
      agents: { echo, ask },
      authenticate: ({ token }) => PRINCIPALS[token ?? ''],
      // The table asks more than anybody may.
      limits: UNBOUNDED_CALLERS,
      ...options,
    });
    const { url } = await server.listen({ port: 0 });
    return new Stage(server, url);
  }

  close(): Promise<void> {
    return this.#server.close({ drainMs: 0 });
  }

  /** The data of an answer, or `{ error }` in tRPC's shape. */
  async call(
    kind: Row['kind'],
    path: string,
    { input = {}, token, quiet }: { input?: object | undefined; token?: string | undefined; quiet?: true | undefined },
  ) {
    const json = JSON.stringify({ json: input });
    const controller = new AbortController();
    const response = await fetch(`${this.url}/trpc/${path}${kind === 'mutation' ? '' : `?input=${encodeURIComponent(json)}`}`, {
      method: kind === 'mutation' ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: controller.signal,
      ...(kind === 'mutation' && { body: json }),
    });
    if (kind === 'subscription' && response.headers.get('content-type')?.startsWith('text/event-stream')) {
      const first = await firstFrame(response, quiet === true);
      controller.abort();
      return first;
    }
    const body = (await response.json()) as { error?: { json: WireShape }; result?: { data: { json: unknown } } };
    return { error: body.error?.json, data: body.result?.data.json };
  }

  /** The data of a call that succeeds. */
  async get<Data>(kind: 'query' | 'mutation', path: string, input: object, token: string): Promise<Data> {
    const { data, error } = await this.call(kind, path, { input, token });
    if (error !== undefined) throw new Error(`${path}: ${error.message}`);
    return data as Data;
  }

  /** A thread of the owner's with everything in it, shared with the reader, with the writer, and by a link to write. */
  async scene(): Promise<Scene> {
    const token = 'owner';
    const uploaded = await fetch(`${this.url}/files?name=mine.txt`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain' },
      body: 'mine',
    });
    const { id: fileId } = (await uploaded.json()) as { id: string };
    const first = await this.get<{ threadId: string; messageId: string; runId: string }>(
      'mutation',
      'messages.send',
      { agent: 'echo', text: 'look', attachments: [fileId] },
      token,
    );
    const { threadId, messageId } = first;
    await this.get('query', 'runs.wait', { runId: first.runId }, token);
    const { runId } = await this.get<{ runId: string }>('mutation', 'messages.send', { agent: 'ask', text: 'do it', threadId }, token);
    const open = async (): Promise<readonly [string, string]> => {
      const { items } = await this.get<{ items: { toolCalls?: { callId: string; tool: string; status: string }[] }[] }>(
        'query',
        'threads.messages',
        { threadId },
        token,
      );
      const calls = items.at(-1)?.toolCalls ?? [];
      const { status } = await this.get<{ status: string }>('query', 'runs.wait', { runId, timeoutMs: 10 }, token);
      const [guarded, byClient] = calls;
      return status === 'waiting' && guarded !== undefined && byClient !== undefined ? [guarded.callId, byClient.callId] : open();
    };
    const [callId, clientCallId] = await open();
    const share = <Answer>(to: object) => this.get<Answer>('mutation', 'threads.share', { threadId, ...to }, token);
    const { id: shareId } = await share<{ id: string }>({ with: 'somebody else' });
    await share({ with: 'rea' });
    await share({ with: 'wri', access: 'write' });
    const { secret } = await share<{ secret: string }>({ link: true, access: 'write' });
    const { data } = await this.call('mutation', 'auth.openShare', { input: { secret } });
    const { token: guest } = data as { token: string };
    const tokens = { ...Object.fromEntries(Object.keys(PRINCIPALS).map((name) => [name, name])), guest };
    return { threadId, runId, messageId, fileId, callId, clientCallId, shareId, secret, tokens };
  }
}

interface WireShape {
  readonly message: string;
  readonly data: { readonly reason: string; readonly httpStatus: number };
}

/** What a watch begins with: its first event, or why there is none. */
async function firstFrame(response: Response, quiet: boolean): Promise<{ error?: WireShape | undefined; data?: unknown }> {
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    text += value ?? '';
    const failed = /event: serialized-error\ndata: (.*)\n/.exec(text)?.[1];
    if (failed !== undefined) return { error: (JSON.parse(failed) as { json: WireShape }).json };
    if (done || text.includes('data: {"json":') || (quiet && text.includes('event: connected'))) return { data: text };
  }
}
