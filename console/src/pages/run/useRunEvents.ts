import { useEffect, useState } from 'react';
import type { AnyEvent, ThreadSnapshot } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';

export interface RunEvents {
  /** Of the run and of those under it, in order. */
  readonly events: readonly AnyEvent[];
  /** The run is folded: its events are gone, and this is what is left. */
  readonly snapshot: ThreadSnapshot | undefined;
  /** There will be no more. */
  readonly isOver: boolean;
  readonly error: unknown;
}

const NONE: RunEvents = { events: [], snapshot: undefined, isOver: false, error: undefined };
/** How often new ones are shown, at most: each time the whole run is drawn anew. */
const SHOWN_EVERY_MS = 100;

/** Every event of a run, from its first; while it runs, as they come. */
export function useRunEvents(runId: string): RunEvents {
  const client = useClient();
  const [state, setState] = useState<{ readonly of: string; readonly read: RunEvents }>({ of: runId, read: NONE });
  useEffect(() => {
    const events: AnyEvent[] = [];
    const reader = client
      .run(runId)
      .events({ include: ['tool.input.delta'] })
      [Symbol.asyncIterator]();
    let snapshot: ThreadSnapshot | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const show = (change: Partial<RunEvents> = {}): void => {
      clearTimeout(timer);
      timer = undefined;
      if (!isGone) setState({ of: runId, read: { ...NONE, events: [...events], snapshot, ...change } });
    };
    const read = async (): Promise<void> => {
      for (let step = await reader.next(); !step.done; step = await reader.next()) {
        // The edge: in a console the agents are not known by their types.
        const event = step.value as AnyEvent;
        if (event.type === 'thread.snapshot') snapshot = event;
        else events.push(event);
        timer ??= setTimeout(show, SHOWN_EVERY_MS);
      }
    };
    read().then(
      () => show({ isOver: true }),
      (error: unknown) => show({ error }),
    );
    return () => {
      isGone = true;
      clearTimeout(timer);
      void reader.return?.();
    };
  }, [client, runId]);
  return state.of === runId ? state.read : NONE;
}
