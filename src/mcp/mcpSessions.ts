import type { Clock } from '../protocol/clock.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { McpSession } from './mcpSession.ts';

interface Held {
  readonly id: string;
  readonly session: McpSession;
  /** Requests of it that are being answered. */
  busy: number;
  stopTimer: () => void;
}

export interface McpSessionsOptions {
  readonly clock: Clock;
  readonly maxSessions: number;
  readonly maxSessionsPerPrincipal: number;
  readonly sessionIdleMs: number;
}

/** The sessions of MCP clients, by id. One that nobody uses for a while ends, and one that is idle makes room for a new one of its principal. */
export class McpSessions {
  readonly #options: McpSessionsOptions;
  /** The one that was used longest ago is first. */
  readonly #held = new Map<string, Held>();

  constructor(options: McpSessionsOptions) {
    this.#options = options;
  }

  /** Ends the principal's longest idle session where there is no room. Throws `SERVER_FULL` when it has none. */
  makeRoom(principalId: string): void {
    const { maxSessions, maxSessionsPerPrincipal } = this.#options;
    const own = [...this.#held.values()].filter(({ session }) => session.principalId === principalId);
    if (own.length < maxSessionsPerPrincipal && this.#held.size < maxSessions) return;
    const idle = own.find(({ busy }) => busy === 0);
    if (idle === undefined) throw new VerbatimError('SERVER_FULL', 'There are too many MCP sessions. End some, or try again later.');
    void this.end(idle.session);
  }

  add(session: McpSession): void {
    if (session.id === undefined) return;
    const held: Held = { id: session.id, session, busy: 0, stopTimer: () => {} };
    this.#held.set(held.id, held);
    this.#rest(held);
  }

  /** Another principal's is like one that is not there. */
  get(id: string, principalId: string): McpSession | undefined {
    const session = this.#held.get(id)?.session;
    return session?.principalId === principalId ? session : undefined;
  }

  /** Keeps a session from ending by itself until the returned function is called. */
  use({ id = '' }: McpSession): () => void {
    const held = this.#held.get(id);
    if (held === undefined) return () => {};
    held.busy++;
    held.stopTimer();
    return () => {
      held.busy--;
      if (held.busy === 0 && this.#held.get(id) === held) this.#rest(held);
    };
  }

  async end(session: McpSession): Promise<void> {
    const held = this.#held.get(session.id ?? '');
    if (held === undefined) return;
    held.stopTimer();
    this.#held.delete(held.id);
    await session.close();
  }

  async close(): Promise<void> {
    const all = [...this.#held.values()];
    this.#held.clear();
    for (const { stopTimer } of all) stopTimer();
    await Promise.all(all.map(({ session }) => session.close()));
  }

  #rest(held: Held): void {
    this.#held.delete(held.id);
    this.#held.set(held.id, held);
    held.stopTimer = this.#options.clock.after(this.#options.sessionIdleMs, () => void this.end(held.session));
  }
}
