import hljs from 'highlight.js/lib/common';
import type { Colour, Span, Style } from '../terminal/span.ts';

/** Above it a block stays without colours: nobody waits for them. */
const MAX_COLOURED_LENGTH = 60_000;

const COLOURS: Readonly<Record<string, Colour>> = {
  keyword: 'magenta',
  literal: 'yellow',
  number: 'yellow',
  string: 'green',
  regexp: 'green',
  'char.escape': 'cyan',
  subst: 'cyan',
  comment: 'grey',
  doctag: 'grey',
  meta: 'grey',
  quote: 'grey',
  title: 'blue',
  'title.function': 'blue',
  'title.class': 'yellow',
  section: 'blue',
  name: 'blue',
  tag: 'blue',
  'selector-tag': 'blue',
  built_in: 'cyan',
  type: 'cyan',
  attr: 'cyan',
  attribute: 'cyan',
  property: 'cyan',
  symbol: 'yellow',
  bullet: 'yellow',
  addition: 'green',
  deletion: 'red',
};

/** As highlight.js keeps what it found: texts, and nodes with a scope around others. */
interface ScopeNode {
  readonly scope?: string;
  readonly children: readonly (ScopeNode | string)[];
}

/** Code in the colours of its language; as it is when that is not known. */
export function codeSpans(code: string, language: string | undefined): Span[] {
  const name = language?.split(/[\s,{]/)[0] ?? '';
  if (code.length > MAX_COLOURED_LENGTH || hljs.getLanguage(name) === undefined) return [{ text: code }];
  const found = hljs.highlight(code, { language: name, ignoreIllegals: true });
  // The edge: its types know only the HTML that it makes of this tree.
  const root = (found as unknown as { readonly _emitter?: { readonly rootNode?: ScopeNode } })._emitter?.rootNode;
  return root === undefined ? [{ text: code }] : spansIn(root, {});
}

function spansIn({ scope, children }: ScopeNode, outer: Style): Span[] {
  const colour = scope === undefined ? undefined : (COLOURS[scope] ?? COLOURS[scope.split('.')[0] ?? '']);
  const style = colour === undefined ? outer : { colour };
  return children.flatMap((child) => (typeof child === 'string' ? [{ text: child, style }] : spansIn(child, style)));
}
