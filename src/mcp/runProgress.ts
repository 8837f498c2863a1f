import type { AnyEvent } from '../protocol/event.ts';

/** Characters of text between two reports of how much there is. */
const TEXT_STEP = 500;

/** Says in few words what a run does now, where there is something new to say: its steps, tools and status, and how long its text is. */
export class RunProgress {
  readonly #runId: string;
  #characters = 0;
  #said = 0;

  constructor(runId: string) {
    this.#runId = runId;
  }

  /** The words, or undefined when this event needs none. */
  add(event: AnyEvent): string | undefined {
    if (event.type === 'thread.snapshot' || event.runId !== this.#runId) return undefined;
    switch (event.type) {
      case 'run.queued':
        return `queued, ${event.place} before it`;
      case 'run.started':
        return `${event.agent} has begun`;
      case 'run.resumed':
        return 'it goes on';
      case 'run.waiting':
        return 'waiting for an answer from outside';
      case 'run.status':
        return event.text;
      case 'message.started':
        return `step ${event.step}`;
      case 'tool.called':
        return `calls ${event.tool}`;
      case 'tool.completed':
      case 'tool.file':
        return `${event.tool} is done`;
      case 'tool.failed':
        return `${event.tool} has failed`;
      case 'agent.handoff':
      case 'agent.routed':
        return `${event.to} takes over`;
      case 'text.delta':
        return this.#text(event.delta);
      default:
        return undefined;
    }
  }

  #text(delta: string): string | undefined {
    this.#characters += delta.length;
    if (this.#characters - this.#said < TEXT_STEP) return undefined;
    this.#said = this.#characters;
    return `${this.#characters} characters`;
  }
}
