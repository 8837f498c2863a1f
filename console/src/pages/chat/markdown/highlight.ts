import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import shell from 'highlight.js/lib/languages/shell';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

const LANGUAGES = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  go,
  java,
  javascript,
  json,
  kotlin,
  markdown,
  php,
  python,
  ruby,
  rust,
  shell,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

/** A text, or parts that have a colour. */
export type CodePart = string | { readonly className: string; readonly parts: CodePart[] };

/** Collects parts where the library would write HTML. */
class PartEmitter {
  readonly parts: CodePart[] = [];
  readonly #open: CodePart[][] = [this.parts];

  addText(text: string): void {
    if (text !== '') this.#open.at(-1)?.push(text);
  }

  openNode(scope: string): void {
    const part = { className: `hl-${scope.replace(/[^a-z_]+/gi, '-')}`, parts: [] };
    this.#open.at(-1)?.push(part);
    this.#open.push(part.parts);
  }

  closeNode(): void {
    this.#open.pop();
  }

  startScope(scope: string): void {
    this.openNode(scope);
  }

  endScope(): void {
    this.closeNode();
  }

  __addSublanguage(emitter: PartEmitter): void {
    this.#open.at(-1)?.push(...emitter.parts);
  }

  finalize(): void {}

  toHTML(): string {
    return '';
  }
}

for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.configure({ __emitter: PartEmitter });

/** The code in parts, or undefined for a language that is not known here. */
export function highlight(code: string, language: string): readonly CodePart[] | undefined {
  if (hljs.getLanguage(language) === undefined) return undefined;
  const { _emitter } = hljs.highlight(code, { language, ignoreIllegals: true });
  // The edge: it is the one that the library was given above.
  return (_emitter as unknown as PartEmitter).parts;
}
