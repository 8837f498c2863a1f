import { parse } from 'partial-json';
import { type ReactNode, useMemo, useRef } from 'react';
import { JsonTree } from '../../ui/jsonTree.tsx';
import { Markdown } from './markdown/markdown.tsx';

/** An answer by a schema, as the tree of what is there so far. */
export function StructuredAnswer({ text, isGrowing }: { readonly text: string; readonly isGrowing: boolean }): ReactNode {
  const last = useRef<object>(undefined);
  const value = useMemo(() => readObject(text), [text]);
  // In the middle of a sign there is no tree for a moment: the last one stays.
  if (value !== undefined) last.current = value;
  if (last.current === undefined) return <Markdown text={text} isGrowing={isGrowing} />;
  return <JsonTree value={last.current} />;
}

function readObject(text: string): object | undefined {
  try {
    const value: unknown = parse(text.slice(text.search(/[[{]/)).replace(/\s*```\s*$/, ''));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
