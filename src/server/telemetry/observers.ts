import { type Observer, silentObserver } from '../../protocol/observer.ts';

/** What only hears, and does no work within anything. */
export type Listener = Partial<Omit<Observer, 'within' | 'traceparent'>>;

type Heard = keyof Listener;

/** The server's observer: `traces` does work within spans, the others listen. */
export function observers(traces: Pick<Observer, 'within' | 'traceparent'> | undefined, listeners: readonly Listener[]): Observer {
  const observer: Observer = { ...silentObserver, ...traces };
  // What nobody hears stays the silent one's, so that whoever tells can leave it out.
  for (const name of Object.keys(silentObserver) as (keyof Observer)[]) {
    if (name === 'within' || name === 'traceparent') continue;
    const heard = listeners.filter((listener) => listener[name] !== undefined);
    if (heard.length > 0) Object.assign(observer, { [name]: tellAll(name, heard) });
  }
  return observer;
}

function tellAll(name: Heard, listeners: readonly Listener[]): unknown {
  const calls = listeners.map((listener) => listener[name] as (first: unknown, second?: unknown) => void);
  const [only] = calls;
  if (calls.length === 1 && only !== undefined) return only;
  return (first: unknown, second?: unknown): void => {
    for (const call of calls) call(first, second);
  };
}
