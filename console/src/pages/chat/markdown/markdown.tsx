import type { Token, Tokens } from 'marked';
import { memo, type ReactNode, useMemo, useState } from 'react';
import { BlockReader } from './blockReader.ts';
import { CodeBlock } from './codeBlock.tsx';
import { Inline } from './inline.tsx';
import { usePieces } from './usePieces.ts';
import './markdown.css';

export interface MarkdownProps {
  readonly text: string;
  /** More of it comes. */
  readonly isGrowing: boolean;
}

/**
 * Markdown as elements: nothing of the text is ever read as HTML. While it grows, only its last block is rendered again. A long one comes piece by
 * piece, as if it grew.
 */
export const Markdown = memo(function Markdown({ text, isGrowing }: MarkdownProps): ReactNode {
  const [reader] = useState(() => new BlockReader());
  const { begun, isFilling } = usePieces(text);
  const isFinal = !isGrowing && begun === text;
  const blocks = useMemo(() => reader.read(begun, isFinal), [reader, begun, isFinal]);
  return (
    <div className="md" data-filling={isFilling || undefined}>
      {blocks.map((token, index) => (
        <Block key={String(index)} token={token} />
      ))}
    </div>
  );
});

const Block = memo(function Block({ token }: { readonly token: Token }): ReactNode {
  return blockToken(token as Tokens.Generic);
});

const Item = memo(function Item({ item: { task, tokens } }: { readonly item: Tokens.ListItem }): ReactNode {
  return (
    <li data-task={task || undefined}>
      <Blocks tokens={tokens} />
    </li>
  );
});

function Blocks({ tokens }: { readonly tokens: readonly Token[] | undefined }): ReactNode {
  return tokens?.map((token, index) => <Block key={String(index)} token={token} />);
}

function blockToken(token: Tokens.Generic): ReactNode {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'heading':
      return (
        // All of one level, below the page's own: an answer may begin with any, and a level that is left out misleads those who go by them.
        <h2 className="md-heading" data-depth={token.depth}>
          <Inline tokens={token.tokens} />
        </h2>
      );
    case 'paragraph':
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      );
    case 'code':
      return <CodeBlock code={String(token.text)} language={typeof token.lang === 'string' ? token.lang : ''} />;
    case 'blockquote':
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      );
    case 'list': {
      const items = (token.items as readonly Tokens.ListItem[]).map((item, index) => <Item key={String(index)} item={item} />);
      return token.ordered === true ? <ol start={Number(token.start)}>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return <Table table={token as Tokens.Table} />;
    case 'hr':
      return <hr />;
    case 'html':
      return <p className="md-plain">{token.raw.trimEnd()}</p>;
    default:
      // Of a tight list: text without a paragraph.
      return <Inline tokens={[token]} />;
  }
}

function Table({ table: { header, rows } }: { readonly table: Tokens.Table }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys.
    <div className="md-table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {header.map((cell, index) => (
              <th key={String(index)} scope="col" data-align={cell.align}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={String(index)}>
              {row.map((cell, column) => (
                <td key={String(column)} data-align={cell.align}>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
