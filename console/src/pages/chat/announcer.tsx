import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { AssistantMessage } from 'verbatim-agents/client';
import { strings } from '../../strings.ts';
import { plainText } from './markdown/plainText.ts';
import { useReached } from './useReached.ts';

/** A piece is read to its end before the next: more often than this they would pile up. */
const EVERY_MS = 1_500;
/** Older pieces were read. */
const MAX_PIECES = 4;
const MAX_LENGTH = 600;

/**
 * Tells those who hear the page of an answer: that it begins, and its text by whole paragraphs, never by words. Says nothing of messages that were
 * there when the thread was opened.
 */
export function Announcer({ message, isReady }: { readonly message: AssistantMessage | undefined; readonly isReady: boolean }): ReactNode {
  const [pieces, setPieces] = useState<readonly { readonly key: number; readonly text: string }[]>([]);
  const told = useRef<{ readonly id: string; length: number; isSilent: boolean }>(undefined);
  const newest = useRef(message);
  const count = useRef(0);
  useEffect(() => {
    newest.current = message;
  });

  const isReached = useReached();
  useEffect(() => {
    // What it was told last is not so any more, as far as anybody knows: the line of the connection says why.
    if (!isReached) setPieces([]);
  }, [isReached]);

  const id = message?.id;
  const isOver = message === undefined || message.status !== 'streaming';
  useEffect(() => {
    const begun = newest.current;
    if (!isReady || begun === undefined || id === undefined) return;
    const say = (text: string): void =>
      setPieces((before) => [...before, { key: ++count.current, text: text.slice(0, MAX_LENGTH) }].slice(-MAX_PIECES));
    if (told.current?.id !== id) {
      told.current = { id, length: 0, isSilent: isOver };
      if (!isOver) say(strings.chat.answering(begun.agent ?? strings.chat.assistant));
    }
    const state = told.current;
    if (state.isSilent) return;
    const tell = (toEnd: boolean): void => {
      const { text = '' } = newest.current ?? {};
      const end = toEnd ? text.length : text.lastIndexOf('\n\n');
      if (end <= state.length) return;
      const piece = plainText(text.slice(state.length, end));
      state.length = end;
      if (piece !== '') say(piece);
    };
    if (isOver) {
      tell(true);
      return;
    }
    const timer = setInterval(() => tell(false), EVERY_MS);
    return () => clearInterval(timer);
  }, [id, isOver, isReady]);

  return (
    <div className="hidden" role="log" aria-live="polite" aria-relevant="additions">
      {pieces.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
