import { type AnyEvent, isTerminalEvent, type ThreadSnapshot } from '../../protocol/event.ts';
import { MarkdownStream, type StreamedLines } from '../markdown/markdownStream.ts';
import { plainLine, plainText } from '../plainText.ts';
import { type Line, line, span } from '../terminal/span.ts';
import { fitText } from '../terminal/textWidth.ts';
import { wrapSpans } from '../terminal/wrapSpans.ts';
import { duration } from './callLine.ts';
import { CallLines } from './callLines.ts';
import type { ChatScreen } from './chatScreen.ts';
import { OpenRuns } from './openRuns.ts';
import { PendingMessages } from './pendingMessages.ts';
import { Questions } from './questions.ts';
import { remarkOn } from './remark.ts';
import { SaidText } from './saidText.ts';

/** Of a thread that is opened again, so many messages are shown. */
const SHOWN_MESSAGES = 20;
/** Less is not worth a line. */
const LEAST_THOUGHT_MS = 1_000;
const BAR = span('│ ', { dim: true });

/** A thread on the screen: takes its events one by one, in order. */
export class ThreadView {
  readonly runs = new OpenRuns();
  readonly pending = new PendingMessages();
  readonly questions = new Questions();
  readonly #screen: ChatScreen;
  readonly #calls = new CallLines();
  readonly #said: SaidText;
  /** What runs under the answer's own say, by message: it is printed when it is whole. */
  readonly #children = new Map<string, { readonly agent: string; text: string }>();
  #thinkingSince: number | undefined;
  #status: string | undefined;

  constructor(screen: ChatScreen) {
    this.#screen = screen;
    this.#said = new SaidText({
      get block() {
        return screen.block;
      },
      add: (lines) => screen.add(lines),
      withdrawn: (isReplaced) => {
        screen.note(isReplaced ? '~ what stands above was withdrawn; instead:' : '~ what stands above was withdrawn', { colour: 'yellow' });
        if (isReplaced) screen.gap();
      },
    });
  }

  get isWorking(): boolean {
    return this.runs.activeId !== undefined;
  }

  said(maxOpen: number): StreamedLines {
    return this.#said.lines(maxOpen);
  }

  work(mark: string): Line[] {
    const { width } = this.#screen;
    const lines = this.#calls.live(mark, width);
    for (const { agent, text } of this.#children.values()) {
      lines.push(line(`  ${mark} ${fitText(plainLine(`${agent}: ${text.slice(-width)}`), width - 4)}`, { dim: true }));
    }
    if (this.#thinkingSince !== undefined) {
      lines.push([span(mark, { colour: 'cyan' }), span(` thinking ${duration(performance.now() - this.#thinkingSince)}`, { dim: true })]);
    } else if (this.isWorking && lines.length === 0 && this.#said.isEmpty && this.questions.isEmpty) {
      lines.push([span(mark, { colour: 'cyan' }), span(` ${fitText(plainLine(this.#status ?? 'working'), width - 2)}`, { dim: true })]);
    } else if (this.#status !== undefined && this.isWorking) {
      lines.push([span(mark, { colour: 'cyan' }), span(` ${fitText(plainLine(this.#status), width - 2)}`, { dim: true })]);
    }
    return [...lines, ...this.pending.lines(width)];
  }

  /** What the person said. */
  echo(text: string): void {
    this.#screen.gap();
    const spans = [span(plainText(text), { bold: true })];
    this.#screen.add(wrapSpans(spans, this.#screen.width - 2).map((one, at) => [span(at === 0 ? '> ' : '  ', { colour: 'cyan' }), ...one]));
    this.#screen.gap();
  }

  /** Lines beside what is being said, whose open block stays under them. */
  beside(lines: readonly Line[]): void {
    this.#screen.add(this.#said.lines(Number.POSITIVE_INFINITY).finished);
    this.#screen.add(lines);
  }

  note(text: string, style: Parameters<ChatScreen['note']>[1] = { dim: true }): void {
    this.beside(wrapSpans(line(plainText(text), style), this.#screen.width));
  }

  /** Another thread follows. */
  clear(): void {
    this.#said.end();
    this.runs.clear();
    this.pending.clear();
    this.questions.clear();
    this.#calls.clear();
    this.#children.clear();
    this.#thinkingSince = undefined;
    this.#status = undefined;
    this.#screen.turn('run', false);
  }

  event(event: AnyEvent): void {
    if (event.type === 'thread.snapshot') this.#restore(event);
    else this.#show(event);
    this.#screen.turn('run', this.isWorking);
    this.#screen.changed();
  }

  #show(event: Exclude<AnyEvent, ThreadSnapshot>): void {
    this.runs.event(event);
    this.questions.event(event);
    const depth = this.runs.depthOf(event.runId);
    if (event.type !== 'reasoning.delta' && depth === 0) this.#stopThinking();
    switch (event.type) {
      case 'message.received':
        this.pending.add(event.messageId, event.text, this.runs.activeId === event.runId);
        break;
      case 'message.steered':
        this.#begin(event.messageId);
        break;
      case 'run.started': {
        const messageId = this.runs.messageOf(event.runId);
        if (depth === 0 && messageId !== undefined) this.#begin(messageId);
        break;
      }
      case 'run.status':
        this.#status = event.text;
        break;
      case 'message.started':
        this.#status = undefined;
        if (depth > 0) this.#children.set(event.messageId, { agent: event.agent, text: '' });
        break;
      case 'reasoning.delta':
        if (depth === 0) this.#thinkingSince ??= performance.now();
        break;
      case 'text.delta':
        this.#hear(event.messageId, event.delta);
        break;
      case 'message.discarded':
        if (!this.#children.delete(event.messageId)) this.#said.discard();
        break;
      case 'message.completed':
        if (this.#children.has(event.messageId)) this.#printChild(event.messageId, event.text, depth);
        else {
          if (this.#said.isEmpty && event.text !== '') this.#screen.gap();
          this.#said.end(event.text);
        }
        break;
      default:
    }
    const call = this.#calls.event(event, depth, this.#screen.width);
    if (call !== undefined) this.beside([call]);
    if (isTerminalEvent(event)) this.#end(event.runId, depth);
    const remark = depth > 0 && (event.type === 'run.cancelled' || event.type === 'data') ? undefined : remarkOn(event);
    if (remark !== undefined) this.note(`${'  '.repeat(depth)}${remark.text}`, remark.style);
  }

  #hear(messageId: string, delta: string): void {
    const child = this.#children.get(messageId);
    if (child !== undefined) {
      child.text += delta;
      return;
    }
    if (this.#said.isEmpty && delta.trim() !== '') this.#screen.gap();
    this.#said.push(delta);
  }

  /** A message's turn has come. */
  #begin(messageId: string): void {
    const text = this.pending.take(messageId);
    if (text !== undefined) this.echo(text);
  }

  #end(runId: string, depth: number): void {
    this.#calls.drop(runId);
    if (depth > 0) return;
    this.#status = undefined;
    this.#children.clear();
    this.#said.end();
  }

  #stopThinking(): void {
    if (this.#thinkingSince === undefined) return;
    const ms = performance.now() - this.#thinkingSince;
    this.#thinkingSince = undefined;
    if (ms >= LEAST_THOUGHT_MS) this.note(`· thought for ${duration(ms)}`);
  }

  #printChild(messageId: string, text: string, depth: number): void {
    const agent = this.#children.get(messageId)?.agent ?? '';
    this.#children.delete(messageId);
    if (text.trim() === '') return;
    const indent = span('  '.repeat(Math.min(depth, 6) - 1));
    const { block, width } = this.#screen;
    const stream = new MarkdownStream();
    stream.push(text);
    const lines = stream.end({ ...block, width: Math.max(10, width - indent.text.length - 2) });
    this.beside([[indent, BAR, span(plainLine(agent), { dim: true, bold: true })], ...lines.map((one) => [indent, BAR, ...one])]);
  }

  /** Where the reader starts anew: when a thread is opened, and when what it had read is not in the log any more. */
  #restore({ messages, activeRunId, earlier }: ThreadSnapshot): void {
    this.clear();
    this.runs.restore(activeRunId);
    const conversation = messages.filter((message) => message.role === 'user' || message.parentRunId === undefined);
    const shown = conversation.slice(-SHOWN_MESSAGES);
    if (earlier || shown.length < conversation.length) this.#screen.note('… earlier messages are not shown');
    for (const message of shown) {
      if (message.role === 'user') {
        if (message.status === 'queued') this.pending.add(message.id, message.text, message.runId === activeRunId);
        else if (message.status === 'complete') this.echo(message.text);
        if (message.runId !== undefined) this.runs.know(message.runId, message.id);
      } else if (message.status !== 'discarded') {
        if (message.text !== '') this.#screen.gap();
        if (message.status === 'streaming') this.#said.push(message.text);
        else this.#said.end(message.text);
        for (const call of message.toolCalls) {
          const settled = this.#calls.restore(message, call, this.#screen.width);
          if (settled !== undefined) this.#screen.add([settled]);
          this.questions.restore(message.runId, call);
        }
      }
    }
  }
}
