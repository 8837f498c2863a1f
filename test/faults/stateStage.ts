import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, vi } from 'vitest';
import { type ModelServerRequest, type ModelServerTurn, type ScriptedCall, startModelServer } from '../../src/testing/index.ts';

interface Knock {
  readonly door: string;
  readonly callId: string;
}

/**
 * The world outside of a server, which survives it: a model, and doors at which tools and others knock. Whoever knocks at a closed door waits
 * until it is opened. Everything is named by what it is and its thread, `work/thread_1`.
 */
export class StateStage implements AsyncDisposable {
  readonly modelUrl: string;
  readonly doorUrl: string;
  /** Every knock so far, in order. */
  readonly knocks: Knock[] = [];
  readonly #closed = new Map<string, { readonly opened: Promise<void>; readonly open: () => void }>();
  readonly #closeServers: () => Promise<void>;

  private constructor(modelUrl: string, doorUrl: string, closeServers: () => Promise<void>) {
    this.modelUrl = modelUrl;
    this.doorUrl = doorUrl;
    this.#closeServers = closeServers;
  }

  static async open(): Promise<StateStage> {
    let stage: StateStage | undefined;
    const model = await startModelServer({ script: (request) => turnOf(request, (door) => stage?.passing(door)) });
    const doors = createServer((incoming, response) => {
      let callId = '';
      incoming.setEncoding('utf8').on('data', (text) => {
        callId += text;
      });
      incoming.once('end', () => stage?.knock({ door: (incoming.url ?? '').slice(1), callId }, response));
    });
    doors.listen(0, '127.0.0.1');
    await once(doors, 'listening');
    const { port } = doors.address() as AddressInfo;
    stage = new StateStage(model.url, `http://127.0.0.1:${port}`, async () => {
      await model.close();
      const closed = once(doors, 'close');
      doors.close();
      doors.closeAllConnections();
      await closed;
    });
    return stage;
  }

  /** Whoever comes from now on waits. */
  shut(door: string): void {
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#closed.set(door, { opened, open });
  }

  /** Opens what is shut of a thread, or one door, for good. */
  open(name: string): void {
    for (const [door, { open }] of this.#closed) {
      if (!door.endsWith(name)) continue;
      this.#closed.delete(door);
      open();
    }
  }

  /** Resolves when a door may be passed; undefined when it is open. */
  passing(door: string): Promise<void> | undefined {
    return this.#closed.get(door)?.opened;
  }

  knock(knock: Knock, response: ServerResponse): void {
    this.knocks.push(knock);
    const passed = (): void => void response.end();
    const opened = this.passing(knock.door);
    if (opened === undefined) passed();
    else opened.then(passed);
  }

  callsAt(door: string): readonly string[] {
    return this.knocks.filter((knock) => knock.door === door).map(({ callId }) => callId);
  }

  async knocked(door: string, times = 1): Promise<void> {
    await vi.waitFor(() => expect(this.callsAt(door).length).toBeGreaterThanOrEqual(times), { timeout: 10_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open('');
    await this.#closeServers();
  }
}

interface ChatMessage {
  readonly role: string;
  readonly content?: string;
}

/** Agents that call a tool first, and then say what came of it. */
const CALLS: Readonly<Record<string, ScriptedCall>> = {
  worker: { name: 'work' },
  looker: { name: 'look' },
  clerk: { name: 'refund' },
  teller: { name: 'pay' },
  asker: { name: 'pick' },
  boss: { name: 'research' },
  triage: { name: 'transfer_to_billing' },
};

/** What the model says: in the conversation its user says which thread it is of. */
function turnOf({ body }: ModelServerRequest, passing: (door: string) => Promise<void> | undefined): ModelServerTurn {
  const name = String(body.model);
  const messages = body.messages as readonly ChatMessage[];
  const threadId = /thread_\w+/.exec(JSON.stringify(messages))?.[0] ?? '';
  const last = messages.at(-1);
  const call = CALLS[name];
  if (call !== undefined && last?.role !== 'tool') {
    return { text: 'Let me see.', toolCalls: [name === 'boss' ? { ...call, input: { task: `Look into ${threadId}.` } } : call] };
  }
  if (call !== undefined) return { text: `I was told: ${last?.content ?? ''}` };
  const until = passing(`${name}/${threadId}`);
  return { text: saidBy(name), ...(until !== undefined && { until }) };
}

export const saidBy = (name: string): string => `${name} says one. And two. And three.`;
