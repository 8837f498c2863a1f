import type { ConnectionState } from '../client/connectionState.ts';
import type { AnyEvent, FinishReason } from '../protocol/event.ts';
import type { Json } from '../protocol/json.ts';
import { AnswerText, type Printable } from './answerText.ts';
import { paintFor } from './paint.ts';
import { plainText } from './plainText.ts';

/** As much of a stream as printing takes. */
export interface PrintStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** A tool's input or output on one line. */
const MAX_JSON_LENGTH = 160;

/**
 * Shows events to a person: the answer's words on `out` and nothing else, so that a pipe gets what was said; the rest as notes on `notes`.
 * Where both are one terminal, or one stream, a note never begins in the middle of a line.
 */
export class ChatPrinter {
  readonly #out: PrintStream;
  readonly #notes: PrintStream;
  readonly #paint: ReturnType<typeof paintFor>;
  readonly #answer = new AnswerText();
  #isMidLine = false;
  /** A note ended a line of the answer. */
  #wasBroken = false;
  #isThinking = false;
  #wasLost = false;

  constructor(out: PrintStream, notes: PrintStream) {
    this.#out = out;
    this.#notes = notes;
    this.#paint = paintFor(notes);
  }

  /** A sentence beside the answer. */
  note(text: string, style: 'dim' | 'red' | 'yellow' = 'dim'): void {
    this.line(this.#paint[style](plainText(text)));
  }

  /** The same, as it is. */
  line(text: string): void {
    if (this.#isMidLine && (this.#out.isTTY || this.#out === this.#notes)) {
      this.#newLine();
      this.#wasBroken = true;
    }
    this.#notes.write(`${text}\n`);
  }

  connection(state: ConnectionState): void {
    if (state.status === 'offline' && !this.#wasLost) {
      this.#wasLost = true;
      this.note(`~ ${withoutPeriod(state.reason.message)}; trying again`, 'yellow');
    } else if (state.status === 'online' && this.#wasLost) {
      this.#wasLost = false;
      this.note('~ connected again, and nothing was missed', 'yellow');
    }
  }

  event(event: AnyEvent): void {
    switch (event.type) {
      case 'message.started':
        this.#isThinking = false;
        break;
      case 'reasoning.delta':
        if (!this.#isThinking) this.note('~ thinking');
        this.#isThinking = true;
        break;
      case 'text.delta':
        this.#print(this.#answer.push(event.delta));
        break;
      case 'message.discarded':
        this.#answer.discard();
        break;
      case 'message.completed':
      case 'run.completed':
      case 'run.cancelled':
      case 'run.failed':
        this.#print(this.#answer.end());
        if (this.#isMidLine) this.#newLine();
        break;
      default:
    }
    const remark = remarkOn(event);
    if (remark !== undefined) this.note(remark.text, remark.style);
  }

  #print({ text, replaces }: Printable): void {
    if (replaces) {
      if (this.#isMidLine) this.#newLine();
      this.note(text === '' ? '~ what stands above was withdrawn' : '~ what stands above was withdrawn; instead:', 'yellow');
    }
    // The space between two words that a note came between is a line's end now.
    const printed = this.#wasBroken ? text.replace(/^ /, '') : text;
    if (printed === '') return;
    this.#wasBroken = false;
    // A pipe gets what was said, word for word.
    this.#out.write(this.#out.isTTY ? plainText(printed) : printed);
    this.#isMidLine = !printed.endsWith('\n');
  }

  #newLine(): void {
    this.#out.write('\n');
    this.#isMidLine = false;
  }
}

interface Remark {
  readonly text: string;
  readonly style?: 'red' | 'yellow';
}

/** What is said beside the answer about an event; undefined for those that speak for themselves. */
function remarkOn(event: AnyEvent): Remark | undefined {
  switch (event.type) {
    case 'run.queued':
      return { text: event.place === 1 ? '~ waiting, the next in line' : `~ waiting, number ${event.place} in line` };
    case 'run.resumed':
      return { text: `~ the server ${event.reason === 'storage' ? 'can write again' : 'was restarted'}; going on`, style: 'yellow' };
    case 'run.status':
      return { text: `~ ${event.text}` };
    case 'message.completed':
      return REMARK_ON_FINISH[event.finish];
    case 'tool.called':
      return { text: `> ${event.tool} ${oneLine(event.input)}` };
    case 'tool.progress':
      return { text: `. ${event.tool} ${oneLine(event.data)}` };
    case 'tool.completed':
      return { text: `< ${event.tool} ${oneLine(event.output)}` };
    case 'tool.file':
      return { text: `< ${event.tool} ${oneLine(event.preview)}` };
    case 'tool.failed':
      return { text: `x ${event.tool}: ${event.error.message}`, style: 'yellow' };
    case 'data':
      return { text: `. ${event.name} ${oneLine(event.data)}` };
    case 'run.cancelled':
      return { text: '~ stopped', style: 'yellow' };
    case 'run.failed':
      return { text: `x ${event.error.message} (${event.error.code})`, style: 'red' };
    default:
      return undefined;
  }
}

const REMARK_ON_FINISH: Partial<Record<FinishReason, Remark>> = {
  length: { text: '~ cut short: the model reached its limit of tokens', style: 'yellow' },
  filtered: { text: "~ cut short by the provider's filter", style: 'yellow' },
  incomplete: { text: '~ the model stopped without saying that it was done', style: 'yellow' },
};

const withoutPeriod = (sentence: string): string => sentence.replace(/\.$/, '');

function oneLine(value: Json): string {
  const text = JSON.stringify(value);
  return text.length <= MAX_JSON_LENGTH ? text : `${text.slice(0, MAX_JSON_LENGTH)}...`;
}
