import type { WaitsFor } from '../../protocol/approval.ts';
import type { AnyEvent } from '../../protocol/event.ts';
import type { Json } from '../../protocol/json.ts';
import type { AssistantMessage, ToolCall } from '../../protocol/message.ts';
import { plainLine } from '../plainText.ts';
import { type Line, span } from '../terminal/span.ts';
import { type CallLine, callLine, valueText } from './callLine.ts';

interface OpenCall {
  readonly tool: string;
  readonly input: Json;
  readonly runId: string;
  /** By the server's clock, for how long it took; and by ours, while it runs. */
  readonly startedAt: number;
  readonly seenAt: number;
  readonly depth: number;
  said?: string;
}

const DONE = span('✓', { colour: 'green' });
const WAITING = 'waiting for an answer';
const FAILED = span('✗', { colour: 'red' });

/** The tool calls that are under way, and the line that becomes of each. */
export class CallLines {
  readonly #open = new Map<string, OpenCall>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  live(mark: string, width: number): Line[] {
    return [...this.#open.values()].map(({ tool, input, seenAt, depth, said }) =>
      callLine(
        {
          mark: span(mark, { colour: 'cyan' }),
          tool,
          input,
          depth,
          ms: performance.now() - seenAt,
          result: said === undefined ? undefined : span(said, { dim: true }),
        },
        width,
      ),
    );
  }

  /** The final line of a call whose outcome this event is; undefined for any other event. */
  event(event: AnyEvent, depth: number, width: number): Line | undefined {
    switch (event.type) {
      case 'tool.called': {
        const { callId, tool, input, runId, at, waitsFor } = event;
        const call: OpenCall = { tool, input, runId, startedAt: at, seenAt: performance.now(), depth };
        this.#open.set(callId, waitsForPerson(waitsFor) ? { ...call, said: WAITING } : call);
        return undefined;
      }
      case 'approval.resolved': {
        const call = this.#open.get(event.callId);
        if (call === undefined) return undefined;
        delete call.said;
        if (event.input !== undefined) this.#open.set(event.callId, { ...call, input: event.input });
        return undefined;
      }
      case 'tool.progress': {
        const call = this.#open.get(event.callId);
        if (call !== undefined) call.said = valueText(event.data);
        return undefined;
      }
      case 'tool.completed':
        return this.#end(event, { mark: DONE, result: span(valueText(event.output), { dim: true }) }, depth, width);
      case 'tool.file': {
        const { name, id, type, size } = event.file;
        const text = `${plainLine(name ?? id)} (${plainLine(type)}, ${size.toLocaleString('en')} bytes)`;
        return this.#end(event, { mark: DONE, result: span(text) }, depth, width);
      }
      case 'tool.failed':
        // One that could not be made was never called: its arguments are here alone.
        return this.#end(
          event,
          { mark: FAILED, given: event.rejected?.arguments, result: span(plainLine(event.error.message), { colour: 'red' }) },
          depth,
          width,
        );
      default:
        return undefined;
    }
  }

  /** One that a snapshot tells of: its final line, or undefined when it is under way. How long it took is not known. */
  restore(message: Pick<AssistantMessage, 'runId' | 'at'>, call: ToolCall, width: number): Line | undefined {
    const { callId, tool, status, waitsFor, error, output } = call;
    const input = call.editedInput ?? call.input ?? null;
    if (status === 'completed' || status === 'failed') {
      const isDone = status === 'completed';
      const result = isDone
        ? span(valueText(output ?? call.file?.name), { dim: true })
        : span(plainLine(error?.message ?? ''), { colour: 'red' });
      return callLine({ mark: isDone ? DONE : FAILED, tool, input, result, depth: 0 }, width);
    }
    const open = { tool, input, runId: message.runId ?? '', startedAt: message.at, seenAt: performance.now(), depth: 0 };
    this.#open.set(callId, waitsForPerson(waitsFor) ? { ...open, said: WAITING } : open);
    return undefined;
  }

  /** A run is over, and what it had called with it. */
  drop(runId: string): void {
    for (const [callId, call] of this.#open) if (call.runId === runId) this.#open.delete(callId);
  }

  clear(): void {
    this.#open.clear();
  }

  #end(
    { callId, tool, at }: { readonly callId: string; readonly tool: string; readonly at: number },
    { given, ...shown }: Pick<CallLine, 'mark' | 'result'> & { readonly given?: string | undefined },
    depth: number,
    width: number,
  ): Line {
    const call = this.#open.get(callId);
    this.#open.delete(callId);
    return callLine({ ...shown, tool, input: call?.input ?? given, depth: call?.depth ?? depth, ms: call && at - call.startedAt }, width);
  }
}

function waitsForPerson(waitsFor: WaitsFor | undefined): boolean {
  return waitsFor === 'approval' || waitsFor === 'client';
}
