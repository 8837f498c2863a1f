import { createElement, memo, type ReactNode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, type JsonApi, type MessageOf } from 'verbatim-agents/client';
import { type Shown, useThread, VerbatimProvider } from 'verbatim-agents/react';

/** In the browser: a thread as a plain list of rows in `React.memo`, and what its frames took. */
export interface FrameFigures {
  /** From one frame to the next, in milliseconds. */
  readonly frames: readonly number[];
  /** What kept the page for 50 ms and more. */
  readonly longTasks: readonly number[];
  readonly messages: number;
  /** Of the text that came. */
  readonly characters: number;
  /** Rows of finished messages that were rendered again. */
  readonly rowsAgain: number;
}

export interface PageInput {
  readonly url: string;
  readonly threadId: string;
  /** How many there are to be shown. */
  readonly count: number;
}

type Message = MessageOf<JsonApi> & Shown;

const renders = new Map<string, number>();
let shown: readonly Message[] = [];
/** Sends to the thread that is shown. */
let send: (text: string) => ReturnType<ReturnType<typeof createClient<JsonApi>>['send']>;

export async function showThread({ url, threadId, count }: PageInput): Promise<void> {
  const client = createClient<JsonApi>({ url });
  send = (text) => client.send({ agent: 'scheduled', threadId, text });
  const Row = memo(({ message }: { readonly message: Message }): ReactNode => {
    if (message.status === 'complete') renders.set(message.id, (renders.get(message.id) ?? 0) + 1);
    return createElement('p', null, message.text);
  });
  const List = (): ReactNode => {
    const thread = useThread<JsonApi>({ agent: 'scheduled', threadId });
    const { hasEarlier, isLoadingEarlier, loadEarlier } = thread;
    const { length } = thread.messages;
    // A page that comes within a frame is seen by the messages alone.
    useEffect(() => {
      if (hasEarlier && !isLoadingEarlier && length < count) void loadEarlier();
    }, [hasEarlier, isLoadingEarlier, loadEarlier, length]);
    shown = thread.messages;
    return thread.messages.map((message) => createElement(Row, { key: message.key, message }));
  };
  const root = createRoot(document.body);
  root.render(createElement(VerbatimProvider<JsonApi>, { client }, createElement(List)));
  while (shown.length < count) await nextFrame();
}

/** `texts`: what each run is sent, one after the other. */
export async function measureFrames(texts: readonly string[]): Promise<FrameFigures> {
  const frames: number[] = [];
  const longTasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  });
  for (const text of texts) {
    const run = await send(text);
    // From its first token on.
    for await (const { type } of run) if (type === 'text.delta') break;
    observer.observe({ type: 'longtask' });
    let over = false;
    const ended = run.result().then(() => {
      over = true;
    });
    for (let before = await nextFrame(); !over; ) {
      const now = await nextFrame();
      frames.push(now - before);
      before = now;
    }
    await ended;
    observer.disconnect();
  }
  const characters = shown.slice(-2 * texts.length).reduce((sum, { text }) => sum + text.length, 0);
  const rowsAgain = [...renders.values()].reduce((sum, count) => sum + count - 1, 0);
  return { frames, longTasks, messages: shown.length, characters, rowsAgain };
}

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
