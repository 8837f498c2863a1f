import type { Client } from '../../client/client.ts';
import type { ApprovalOptions, JsonApi } from '../../protocol/contract.ts';
import type { Json } from '../../protocol/json.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { explainError } from '../explainError.ts';
import { codeSpans } from '../markdown/codeSpans.ts';
import { plainJson, plainLine } from '../plainText.ts';
import { editorLines } from '../terminal/editorLines.ts';
import { type Key, LineEditor } from '../terminal/lineEditor.ts';
import type { Cursor } from '../terminal/liveRegion.ts';
import { type Line, line, span } from '../terminal/span.ts';
import { wrapSpans } from '../terminal/wrapSpans.ts';
import type { ChatScreen } from './chatScreen.ts';
import type { Question } from './questions.ts';
import type { ThreadView } from './threadView.ts';

export interface QuestionPromptOptions {
  readonly client: Client<JsonApi>;
  readonly view: ThreadView;
  readonly screen: ChatScreen;
  /** Hands the terminal to the person's editor. */
  edit(text: string, fileName: string): Promise<string>;
}

/** More of a call's input scrolls by unread. */
const MAX_INPUT_LINES = 30;

/** Asks the person what a run waits for, in the place of the prompt. */
export class QuestionPrompt {
  readonly #options: QuestionPromptOptions;
  readonly #announced = new Set<string>();
  /** The reason that is being written, for a call that is refused. */
  #reason: LineEditor | undefined;
  #isSending = false;

  constructor(options: QuestionPromptOptions) {
    this.#options = options;
    options.view.questions.listen(() => this.#changed());
  }

  get isAsking(): boolean {
    return this.#options.view.questions.first !== undefined;
  }

  foot(): { readonly lines: readonly Line[]; readonly cursor: Cursor | undefined } {
    const question = this.#options.view.questions.first;
    const { width } = this.#options.screen;
    if (this.#reason !== undefined) return reasonFoot(this.#reason, width);
    if (this.#isSending || question === undefined) return { lines: [line('sending', { dim: true })], cursor: undefined };
    const tool = plainLine(question.tool);
    const keys =
      question.kind === 'approval'
        ? [`Allow ${tool}?`, 'y', 'yes', 'n', 'no', 'e', 'edit', 'a', 'always in this thread', 'Esc', 'later']
        : [`Result of ${tool}?`, 'e', 'write it', 'n', 'cannot be done', 'Esc', 'later'];
    const [asked = '', ...choices] = keys;
    const spans = choices.map((text, at) => (at % 2 === 0 ? span(`  ${text}`, KEY) : span(` ${text}`)));
    return { lines: wrapSpans([span(asked, { colour: 'yellow', bold: true }), ...spans], width), cursor: undefined };
  }

  paste(text: string): void {
    this.#reason?.insert(text.replaceAll('\n', ' '));
  }

  /** False when the key is not for the question: Ctrl-C and its like. */
  key(key: Key): boolean {
    const question = this.#options.view.questions.first;
    if (question === undefined || (key.ctrl === true && this.#reason === undefined)) return false;
    if (this.#isSending) return key.ctrl !== true;
    if (this.#reason !== undefined) return this.#keyOfReason(this.#reason, question, key);
    switch (key.name) {
      case 'y':
        if (question.kind === 'approval') void this.#send(question, () => this.#decide(question, 'approve', {}));
        break;
      case 'a':
        if (question.kind === 'approval') void this.#send(question, () => this.#decide(question, 'approve', { remember: 'thread' }));
        break;
      case 'n':
        this.#reason = new LineEditor([]);
        break;
      case 'e':
        void this.#send(question, () => this.#edit(question));
        break;
      case 'escape':
        this.#options.view.note('· left for later, or for somebody else. /approvals asks again');
        this.#options.view.questions.postpone(question.callId);
        break;
      default:
    }
    return true;
  }

  #keyOfReason(editor: LineEditor, question: Question, key: Key): boolean {
    if (key.name === 'escape') {
      this.#reason = undefined;
      return true;
    }
    const request = editor.press(key);
    if (request === 'interrupt') {
      this.#reason = undefined;
      return false;
    }
    // It leaves what is being asked, as elsewhere it leaves the chat: what cannot be taken back is not decided by it.
    if (request === 'end') this.#reason = undefined;
    if (request !== 'submit') return true;
    this.#reason = undefined;
    const reason = editor.text.trim();
    void this.#send(question, () =>
      question.kind === 'approval'
        ? this.#decide(question, 'reject', reason === '' ? {} : { reason })
        : this.#options.client.run(question.runId).failToolCall(question.callId, reason || 'It could not be carried out'),
    );
    return true;
  }

  #changed(): void {
    const { view, screen } = this.#options;
    const question = view.questions.first;
    if (question === undefined) this.#reason = undefined;
    else if (!this.#announced.has(question.callId + question.kind)) {
      this.#announced.add(question.callId + question.kind);
      screen.gap();
      view.beside(questionLines(question, screen.width));
    }
    screen.changed();
  }

  async #send(question: Question, answer: () => Promise<unknown>): Promise<void> {
    const { view, screen } = this.#options;
    this.#isSending = true;
    screen.changed();
    try {
      if ((await answer()) !== NOTHING) view.questions.remove(question.callId);
    } catch (error) {
      view.note(`✗ ${explainError(error)}`, { colour: 'red' });
      const code = error instanceof VerbatimError ? error.code : undefined;
      if (code === 'ALREADY_DECIDED' || code === 'ALREADY_ANSWERED') view.questions.remove(question.callId);
      else if (code === 'NOT_ALLOWED') view.questions.postpone(question.callId);
    } finally {
      this.#isSending = false;
      screen.changed();
    }
  }

  #decide({ callId }: Question, decision: 'approve' | 'reject', options: ApprovalOptions): Promise<unknown> {
    return this.#options.client.approvals.decide({ callId, decision, ...options });
  }

  async #edit(question: Question): Promise<unknown> {
    const { client, view, edit } = this.#options;
    const offered = question.draft ?? textToEdit(question);
    const written = await edit(offered, `${question.tool.replace(/[^\w-]/g, '_')}.json`);
    const json = withoutComments(written);
    if (json === '' || (question.draft === undefined && written === offered)) {
      view.note('· nothing was changed, and nothing was sent');
      return NOTHING;
    }
    view.questions.keepDraft(question.callId, written);
    const value = parse(json);
    return question.kind === 'approval'
      ? this.#decide(question, 'approve', { input: value })
      : // The edge: whoever knows no particular application knows none of its client's tools.
        client.run(question.runId).submitToolResult(question.callId, value as never);
  }
}

const NOTHING = Symbol('nothing was sent');
const KEY = { colour: 'cyan', bold: true } as const;
const REASON_KEYS: Line = [span('Enter', KEY), span(' sends it, or no reason'), span('  Esc, Ctrl-D', KEY), span(' back')];

/** The keys stand under what is written: before it they would leave a narrow terminal no room. */
function reasonFoot(reason: LineEditor, width: number): { readonly lines: readonly Line[]; readonly cursor: Cursor } {
  const { lines, cursor } = editorLines(reason, 'why? ', width);
  return { lines: [...lines, ...wrapSpans(REASON_KEYS, width)], cursor };
}

function questionLines({ kind, tool, input, about, expiresAt }: Question, width: number): readonly Line[] {
  const what = kind === 'approval' ? `? ${plainLine(tool)} asks for your approval` : `? ${plainLine(tool)} is yours to carry out`;
  const until = expiresAt === undefined ? '' : `, until ${new Date(expiresAt).toLocaleTimeString()}`;
  const json = plainJson(JSON.stringify(input, null, 2));
  const lines = wrapSpans(codeSpans(json, 'json'), width - 4, { keepSpace: true });
  const shown = lines.slice(0, MAX_INPUT_LINES).map((one): Line => [span('    '), ...one]);
  const left = lines.length - shown.length;
  return [
    ...wrapSpans([span(what, { colour: 'yellow', bold: true }), span(until, { dim: true })], width),
    ...(about === undefined ? [] : wrapSpans([span(plainLine(about))], width - 2).map((one): Line => [span('  '), ...one])),
    ...shown,
    ...(left > 0 ? [line(`    … ${left} more lines: e shows all of it`, { dim: true })] : []),
  ];
}

function textToEdit({ kind, tool, input }: Question): string {
  const json = JSON.stringify(input, null, 2);
  if (kind === 'approval') return `${json}\n`;
  const asked = json
    .split('\n')
    .map((one) => `// ${one}`)
    .join('\n');
  return `// The result of ${plainLine(tool)}, as JSON, is sent when this is saved. It was called with:\n${asked}\n\n`;
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((one) => !one.startsWith('//'))
    .join('\n')
    .trim();
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new VerbatimError('BAD_INPUT', 'That is not JSON. Press e to go on with it.', { cause });
  }
}
