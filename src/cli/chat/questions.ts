import { type AnyEvent, isTerminalEvent } from '../../protocol/event.ts';
import type { Json } from '../../protocol/json.ts';
import type { ToolCall } from '../../protocol/message.ts';

/** What a run waits for a person to say: whether a call may be made, or what the result of one is that the client carries out. */
export interface Question {
  readonly kind: 'approval' | 'result';
  readonly callId: string;
  readonly runId: string;
  readonly tool: string;
  readonly input: Json;
  /** Why a person is asked. */
  readonly about?: string | undefined;
  readonly expiresAt?: number | undefined;
  /** What the person wrote in the last try, when the server did not take it. */
  readonly draft?: string;
}

/** Questions of one thread, in the order they came up. Answered anywhere, they are gone. */
export class Questions {
  readonly #open = new Map<string, Question>();
  readonly #postponed = new Set<string>();
  #changed: () => void = () => undefined;

  /** Calls `listener` after each change. */
  listen(listener: () => void): void {
    this.#changed = listener;
  }

  get isEmpty(): boolean {
    return this.first === undefined;
  }

  /** The one to ask now. */
  get first(): Question | undefined {
    for (const question of this.#open.values()) if (!this.#postponed.has(question.callId)) return question;
    return undefined;
  }

  event(event: AnyEvent): void {
    if (event.type === 'approval.requested') {
      const { callId, runId, tool, input, question, expiresAt } = event;
      this.#add({ kind: 'approval', callId, runId, tool, input, about: question, expiresAt });
    } else if (event.type === 'tool.called' && event.waitsFor === 'client') {
      const { callId, runId, tool, input, expiresAt } = event;
      this.#add({ kind: 'result', callId, runId, tool, input, expiresAt });
    } else if (event.type === 'approval.resolved') {
      const asked = this.#open.get(event.callId);
      this.remove(event.callId);
      if (event.waitsFor === 'client' && asked !== undefined) {
        this.#add({ ...asked, kind: 'result', input: event.input ?? asked.input, expiresAt: event.expiresAt });
      }
    } else if (event.type === 'tool.completed' || event.type === 'tool.failed' || event.type === 'tool.file') {
      this.remove(event.callId);
    } else if (isTerminalEvent(event)) {
      for (const { callId, runId } of this.#open.values()) if (runId === event.runId) this.remove(callId);
    }
  }

  restore(runId: string | undefined, { callId, tool, input, editedInput, status, waitsFor, approval, expiresAt }: ToolCall): void {
    if (status !== 'waiting' || runId === undefined) return;
    const question = { callId, runId, tool, input: editedInput ?? input ?? null, expiresAt };
    if (waitsFor === 'client') this.#add({ ...question, kind: 'result' });
    else if (approval?.status === 'pending') this.#add({ ...question, kind: 'approval', about: approval.question });
  }

  /** Not now: `askAgain` brings it back. */
  postpone(callId: string): void {
    this.#postponed.add(callId);
    this.#changed();
  }

  askAgain(): void {
    this.#postponed.clear();
    this.#changed();
  }

  keepDraft(callId: string, draft: string): void {
    const question = this.#open.get(callId);
    if (question !== undefined) this.#open.set(callId, { ...question, draft });
  }

  remove(callId: string): void {
    this.#open.delete(callId);
    this.#postponed.delete(callId);
    this.#changed();
  }

  clear(): void {
    this.#open.clear();
    this.#postponed.clear();
  }

  #add(question: Question): void {
    this.#open.set(question.callId, question);
    this.#changed();
  }
}
