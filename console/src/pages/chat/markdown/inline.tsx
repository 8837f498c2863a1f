import type { Token, Tokens } from 'marked';
import { Fragment, type ReactNode } from 'react';
import { strings } from '../../../strings.ts';
import { decodeEntities } from './decodeEntities.ts';
import { safeLink } from './safeLink.ts';

/** Tokens within a line. What is HTML is shown as the text that it is. */
export function Inline({ tokens }: { readonly tokens: readonly Token[] | undefined }): ReactNode {
  // Tokens have no other name than their place.
  return tokens?.map((token, index) => <Fragment key={String(index)}>{inlineToken(token as Tokens.Generic)}</Fragment>);
}

function inlineToken(token: Tokens.Generic): ReactNode {
  switch (token.type) {
    case 'strong':
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case 'em':
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      );
    case 'del':
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      );
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'checkbox':
      // A sign: what is only shown is no field.
      return <span className="md-check">{token.checked === true ? '☑ ' : '☐ '}</span>;
    case 'link':
      return <SafeLink href={String(token.href)}>{token.tokens === undefined ? token.text : <Inline tokens={token.tokens} />}</SafeLink>;
    case 'image':
      // Not loaded: whoever serves it would learn who reads this, and when.
      return (
        <SafeLink href={String(token.href)}>
          {strings.chat.picture} {decodeEntities(String(token.text || token.href))}
        </SafeLink>
      );
    case 'text':
    case 'escape':
      return token.tokens === undefined ? textOf(token) : <Inline tokens={token.tokens} />;
    default:
      return token.raw;
  }
}

function textOf({ type, text }: Tokens.Generic): string {
  return type === 'escape' ? String(text) : decodeEntities(String(text));
}

function SafeLink({ href, children }: { readonly href: string; readonly children: ReactNode }): ReactNode {
  const safe = safeLink(href);
  if (safe === undefined) return children;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
