import { useEffect, useReducer, useRef, useState } from 'react';

/** What is added at once: so many lines, each of which may be an element, or so many characters. It takes a part of a frame. */
const LINES = 200;
const CHARACTERS = 12_000;

export interface Pieces {
  /** The text from its beginning on, up to the end of a line. */
  readonly begun: string;
  /** What was there from the first is not all shown yet, or only since this frame. */
  readonly isFilling: boolean;
}

/** A text piece by piece, one each frame. What a text grows by is seldom more than a piece. */
export function usePieces(text: string): Pieces {
  const shown = useRef(0);
  const [, showMore] = useReducer((count: number) => count + 1, 0);
  const end = endOfPiece(text, shown.current);
  const isWhole = end === text.length;
  const [isFilling, setFilling] = useState(!isWhole);
  useEffect(() => {
    shown.current = end;
    if (isWhole && !isFilling) return;
    const frame = requestAnimationFrame(() => (isWhole ? setFilling(false) : showMore()));
    return () => cancelAnimationFrame(frame);
  }, [end, isWhole, isFilling]);
  return { begun: isWhole ? text : text.slice(0, end), isFilling };
}

function endOfPiece(text: string, from: number): number {
  let end = from;
  for (let lines = 0; lines < LINES && end - from < CHARACTERS; lines += 1) {
    end = text.indexOf('\n', end) + 1;
    if (end === 0) return text.length;
  }
  return end;
}
