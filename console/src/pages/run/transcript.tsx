import { type ReactNode, useMemo, useRef } from 'react';
import { type AnyEvent, emptyThread, type Message, reduceThread, type ThreadState } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';

const text = strings.run.transcript;

export interface TranscriptProps {
  /** As far as they are shown. */
  readonly events: readonly AnyEvent[];
  /** The event after them, and how much of it has come: a joined piece of text comes little by little. */
  readonly next: AnyEvent | undefined;
  readonly share: number;
  /** Of a folded run: what is left. */
  readonly left: readonly Message[] | undefined;
}

/** What was said, as a reader saw it at that moment. */
export function Transcript({ events, next, share, left }: TranscriptProps): ReactNode {
  const state = useReduced(events);
  const messages = left ?? withPart(state, next, share).messages;
  const shown = messages.filter((message) => message.role === 'user' || message.status !== 'discarded');
  if (shown.length === 0) return <p className="state">{text.none}</p>;
  return (
    <ol className="run-transcript" aria-label={text.label}>
      {shown.map((message) => (
        <li key={message.id} data-role={message.role}>
          <span className="run-sent-role">{message.role === 'user' ? text.user : message.agent}</span>
          {message.role === 'assistant' && message.reasoning !== undefined && (
            <pre className="run-text run-reasoning">{message.reasoning}</pre>
          )}
          {message.text !== '' && <pre className="run-text">{message.text}</pre>}
          {message.role === 'assistant' &&
            message.toolCalls.map((call) => (
              <p key={call.callId} className="run-call" data-status={call.status}>
                <code>{call.tool}</code> {strings.chat.tool.status[call.status]}
              </p>
            ))}
        </li>
      ))}
    </ol>
  );
}

/** Goes on from the state before: going back alone begins anew. */
function useReduced(events: readonly AnyEvent[]): ThreadState {
  const known = useRef<{ readonly last: AnyEvent | undefined; readonly count: number; readonly state: ThreadState }>(undefined);
  return useMemo(() => {
    const before = known.current;
    const goesOn = before !== undefined && before.count <= events.length && events[before.count - 1] === before.last;
    let state = goesOn ? before.state : startOf(events[0]);
    for (const event of goesOn ? events.slice(before.count) : events) state = reduceThread(state, event);
    known.current = { last: events.at(-1), count: events.length, state };
    return state;
  }, [events]);
}

/** The run may begin anywhere in its thread. */
function startOf(first: AnyEvent | undefined): ThreadState {
  return first === undefined ? emptyThread : { ...emptyThread, seq: (first.firstSeq ?? first.seq) - 1 };
}

function withPart(state: ThreadState, next: AnyEvent | undefined, share: number): ThreadState {
  if (next?.type !== 'text.delta' && next?.type !== 'reasoning.delta') return state;
  const delta = next.delta.slice(0, Math.floor(next.delta.length * share));
  return delta === '' ? state : reduceThread(state, { ...next, delta });
}
