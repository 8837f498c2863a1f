import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type SampleHooks, sampleServer } from './sampleServer.ts';

export interface HttpSample extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Headers of the requests so far. */
  readonly headers: readonly IncomingHttpHeaders[];
  /** One for each session. */
  readonly servers: readonly Server[];
  /** Breaks off every answer that is under way. */
  cut(): void;
}

/** The sample server over streamable HTTP, with sessions, as an application would serve it by the SDK. */
export async function httpSample(hooks: SampleHooks = {}, port = 0): Promise<HttpSample> {
  const sessions = new Map<string, { readonly transport: StreamableHTTPServerTransport; readonly server: Server }>();
  const servers: Server[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const open = new Set<ServerResponse>();
  const http = createServer(async (request, response) => {
    headers.push(request.headers);
    open.add(response);
    response.on('close', () => open.delete(response));
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known !== undefined) return known.transport.handleRequest(request, response);
    if (id !== undefined) return void response.writeHead(404).end();
    const server = sampleServer(hooks);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (session) => void sessions.set(session, { transport, server }),
    });
    servers.push(server);
    await server.connect(transport as Transport);
    await transport.handleRequest(request, response);
  });
  http.listen(port, '127.0.0.1');
  await once(http, 'listening');
  const bound = (http.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/mcp`,
    port: bound,
    headers,
    servers,
    cut() {
      for (const response of open) response.destroy();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...sessions.values()].map(({ server }) => server.close()));
      http.close();
      http.closeAllConnections();
      await once(http, 'close');
    },
  };
}
