import { Fragment, type ReactNode, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { strings } from '../../../strings.ts';
import { CopyButton } from '../../../ui/copyButton.tsx';
import type { CodePart, highlight } from './highlight.ts';
import './codeBlock.css';

/** What is longer stays plain: colours would cost more than a frame. */
const MAX_COLOURED = 30_000;

type Highlight = typeof highlight;
let loaded: Highlight | undefined;

/** Loaded with the first code that is shown. */
function useHighlight(isWanted: boolean): Highlight | undefined {
  const [ready, setReady] = useState(() => loaded);
  useEffect(() => {
    if (!isWanted || ready !== undefined) return;
    let gone = false;
    import('./highlight.ts').then(
      (module) => {
        loaded = module.highlight;
        if (!gone) setReady(() => module.highlight);
      },
      () => {}, // Without colours it says the same.
    );
    return () => {
      gone = true;
    };
  }, [isWanted, ready]);
  return ready;
}

export interface CodeBlockProps {
  readonly code: string;
  /** As it was written after the fence. */
  readonly language: string;
}

export function CodeBlock({ code, language }: CodeBlockProps): ReactNode {
  const name = /^[\w+#.-]{1,30}/.exec(language.trim())?.[0] ?? '';
  const highlight = useHighlight(name !== '');
  // Colours may come a little later than the text; what is new is plain until then.
  const coloured = useDeferredValue(code);
  const parts = useMemo(
    () => (highlight === undefined || coloured.length > MAX_COLOURED ? undefined : highlight(coloured, name)),
    [highlight, coloured, name],
  );
  return (
    <div className="code-block">
      <div className="code-block-top">
        <span>{name}</span>
        <CopyButton text={() => code} label={strings.chat.copyCode} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys. */}
      <pre tabIndex={0}>
        <code>
          {parts === undefined || !code.startsWith(coloured) ? (
            code
          ) : (
            <>
              <Parts parts={parts} />
              {code.slice(coloured.length)}
            </>
          )}
        </code>
      </pre>
    </div>
  );
}

function Parts({ parts }: { readonly parts: readonly CodePart[] }): ReactNode {
  return parts.map((part, index) =>
    typeof part === 'string' ? (
      <Fragment key={String(index)}>{part}</Fragment>
    ) : (
      <span key={String(index)} className={part.className}>
        <Parts parts={part.parts} />
      </span>
    ),
  );
}
