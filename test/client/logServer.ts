import { createServer, type Server } from 'node:http';
import { initTRPC, TRPCError, tracked } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { getWSConnectionHandler } from '@trpc/server/adapters/ws';
import superjson from 'superjson';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseCursor } from '../../src/protocol/cursor.ts';
import type { AnyEvent, EventDraft } from '../../src/protocol/event.ts';
import { VerbatimError } from '../../src/protocol/verbatimError.ts';

interface Watch {
  readonly lastEventId?: string | number;
  readonly runId?: string;
  readonly threadId?: string;
  readonly snapshot?: boolean;
  readonly mode?: string;
}

/**
 * A real tRPC server over WebSocket and HTTP with one log in memory: the parts of Verbatim's wire that the client leans on, and handles to
 * break it where a whole server would not let itself be broken.
 */
export class LogServer implements AsyncDisposable {
  readonly epoch = 'e1';
  events: AnyEvent[] = [];
  readonly sends: { key: string; token: string | undefined }[] = [];
  readonly receipts = new Map<string, object>();
  readonly watches: { path: string; input: Watch }[] = [];
  readonly urls: string[] = [];
  readonly tokens: (string | undefined)[] = [];
  readonly pings: string[] = [];
  openWatches = 0;
  cancels = 0;
  /** What is delivered for an event; to make gaps and doubles. */
  deliver: (event: AnyEvent) => readonly { id: string; data: AnyEvent }[] = (event) => [this.tracked(event)];
  /** Undefined to accept; else the code to close with. */
  authenticate: (token: string | undefined) => number | undefined = () => undefined;
  onCall: (path: string, socket: WebSocket | undefined) => void | Promise<void> = () => {};
  /** How many of the next sends are carried out and never answered, because every connection is cut. */
  loseAnswers = 0;
  readonly sockets = new Set<WebSocket>();
  readonly #wakeups = new Set<() => void>();
  #http: Server | undefined;
  #wss: WebSocketServer | undefined;

  tracked(event: AnyEvent): { id: string; data: AnyEvent } {
    return { id: `${this.epoch}-${event.seq}`, data: event };
  }

  append(...drafts: EventDraft[]): void {
    for (const draft of drafts) this.events.push({ ...draft, seq: this.events.length + 1, at: 1_000 } as AnyEvent);
    for (const wake of [...this.#wakeups]) wake();
  }

  static async start(port = 0): Promise<LogServer> {
    const server = new LogServer();
    await server.listen(port);
    return server;
  }

  get port(): number {
    const address = this.#http?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async listen(port: number): Promise<void> {
    const router = this.#router();
    const handle = createHTTPHandler({
      router,
      basePath: '/trpc/',
      createContext: ({ req }) => this.#context(req.headers.authorization?.replace('Bearer ', ''), undefined),
    });
    const http = createServer((req, res) => {
      this.urls.push(req.url ?? '');
      handle(req, res);
    });
    const wss = new WebSocketServer({ server: http, maxPayload: 256 * 1024 });
    const serve = getWSConnectionHandler({
      wss,
      router,
      dangerouslyDisablePong: false,
      createContext: ({ res, info }) => this.#context(info.connectionParams?.token, res),
    });
    wss.on('connection', (socket, req) => {
      this.urls.push(req.url ?? '');
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('message', (data) => {
        if (String(data) === 'PING') this.pings.push('PING');
      });
      serve(socket, req);
    });
    this.#http = http;
    this.#wss = wss;
    await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  }

  #context(token: string | undefined, socket: WebSocket | undefined) {
    this.tokens.push(token);
    const code = this.authenticate(token);
    if (code !== undefined) {
      socket?.close(code, 'refused');
      throw new TRPCError({ code: code === 4403 ? 'FORBIDDEN' : 'UNAUTHORIZED', message: 'no' });
    }
    return { token, socket };
  }

  closeSockets(code: number): void {
    for (const socket of this.sockets) socket.close(code);
  }

  cutSockets(): void {
    for (const socket of this.sockets) socket.terminate();
    this.#http?.closeAllConnections();
  }

  #router() {
    const t = initTRPC.context<{ token: string | undefined; socket: WebSocket | undefined }>().create({
      transformer: superjson,
      isDev: false,
      errorFormatter: ({ shape, error }) => ({
        ...shape,
        data: {
          ...shape.data,
          ...(error.cause instanceof VerbatimError && {
            reason: error.cause.code,
            details: error.cause.details,
            retryable: error.cause.retryable,
          }),
        },
      }),
    });
    const input = t.procedure.input((value: unknown) => (value ?? {}) as Readonly<Record<string, unknown>>);
    const procedure = input.use(async ({ path, ctx, next }) => {
      await this.onCall(path, ctx.socket);
      return next();
    });
    const self = this;
    const watch = (path: string) =>
      procedure.subscription(async function* ({ input, signal }) {
        const watched = input as Watch;
        self.watches.push({ path, input: watched });
        self.openWatches += 1;
        const wake = { now: () => {} };
        const onWake = () => wake.now();
        self.#wakeups.add(onWake);
        signal?.addEventListener('abort', onWake);
        try {
          let seq = parseCursor(watched.lastEventId ?? 0)?.seq ?? 0;
          while (!signal?.aborted) {
            const woken = new Promise<void>((resolve) => {
              wake.now = resolve;
            });
            for (const event of self.events.slice(seq)) {
              seq = event.seq;
              for (const { id, data } of self.deliver(event)) yield tracked(id, data);
            }
            if (self.events.length === seq) await woken;
          }
        } finally {
          self.openWatches -= 1;
          self.#wakeups.delete(onWake);
        }
      });
    return t.router({
      agents: t.router({ list: procedure.query(() => [{ name: 'support', description: 'd', tools: [] }]) }),
      threads: t.router({
        get: procedure.query(({ input }) => {
          if (input.threadId === 'nope') {
            const cause = new VerbatimError('NOT_FOUND', 'No such thread', { details: { threadId: 'nope' } });
            throw new TRPCError({ code: 'NOT_FOUND', message: cause.message, cause });
          }
          return { id: input.threadId, head: this.events.length };
        }),
        watch: watch('threads.watch'),
      }),
      messages: t.router({
        send: procedure.mutation(({ input, ctx }) => {
          const key = String(input.idempotencyKey);
          this.sends.push({ key, token: ctx.token });
          const receipt = this.receipts.get(key) ?? {
            threadId: 't1',
            messageId: `m${this.receipts.size}`,
            runId: `r${this.receipts.size}`,
            seq: this.events.length,
            disposition: 'started',
          };
          this.receipts.set(key, receipt);
          if (this.loseAnswers > 0) {
            this.loseAnswers -= 1;
            this.cutSockets();
          }
          return receipt;
        }),
      }),
      runs: t.router({
        get: procedure.query(({ input }) => ({ id: input.runId, status: 'running' })),
        cancel: procedure.mutation(({ input }) => {
          this.cancels += 1;
          return { id: input.runId, status: 'cancelled' };
        }),
        watch: watch('runs.watch'),
      }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#wss?.close();
    this.#http?.closeAllConnections();
    await new Promise((resolve) => this.#http?.close(resolve));
  }
}

/** The events of a run that says `words`, from its message to its end. */
export function runEvents(runId: string, words: readonly string[]): EventDraft[] {
  const usage = { inputTokens: 1, outputTokens: words.length };
  return [
    { type: 'message.received', runId, messageId: `u-${runId}`, agent: 'support', text: 'hi', principalId: 'p' },
    { type: 'run.started', runId, agent: 'support', attempt: 1 },
    { type: 'message.started', runId, messageId: `a-${runId}`, agent: 'support', step: 1 },
    ...words.map((delta): EventDraft => ({ type: 'text.delta', runId, messageId: `a-${runId}`, delta })),
    { type: 'message.completed', runId, messageId: `a-${runId}`, text: words.join(''), finish: 'stop' },
    { type: 'run.completed', runId, usage, outcome: 'complete' },
  ];
}
