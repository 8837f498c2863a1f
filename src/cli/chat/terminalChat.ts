import type { Client } from '../../client/client.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import { explainError } from '../explainError.ts';
import { plainLine } from '../plainText.ts';
import { editorLines } from '../terminal/editorLines.ts';
import { historyFile, InputHistory } from '../terminal/inputHistory.ts';
import { KeyReader } from '../terminal/keyReader.ts';
import { type Key, LineEditor } from '../terminal/lineEditor.ts';
import { type Line, line, span } from '../terminal/span.ts';
import { terminalTraits } from '../terminal/terminalTraits.ts';
import { fitText } from '../terminal/textWidth.ts';
import { wrapSpans } from '../terminal/wrapSpans.ts';
import type { ChatFlags } from './chat.ts';
import { type CommandContext, completions, isCommand, runCommand } from './chatCommands.ts';
import { CHAT_EXIT_CODES } from './chatExitCode.ts';
import { ChatScreen } from './chatScreen.ts';
import { ConnectionLine } from './connectionLine.ts';
import { Conversation } from './conversation.ts';
import { editText } from './editText.ts';
import { QuestionPrompt } from './questionPrompt.ts';
import { agentOf, reachServer } from './reachServer.ts';
import { ThreadView } from './threadView.ts';

const PROMPT = '> ';
/** A second Ctrl-C within it leaves. */
const TWICE_MS = 2_000;
const MAX_COMPLETIONS = 12;

/** A conversation at a terminal. Resolves to the exit code when the person leaves. Throws what ends it before or against their will. */
export async function terminalChat(client: Client<JsonApi>, flags: ChatFlags): Promise<number> {
  const chat = new TerminalChat(client, flags);
  return chat.run();
}

class TerminalChat {
  readonly #client: Client<JsonApi>;
  readonly #flags: ChatFlags;
  readonly #screen = new ChatScreen(process.stdout, terminalTraits(process.env));
  readonly #view = new ThreadView(this.#screen);
  readonly #history = new InputHistory(historyFile(process.env));
  readonly #editor = new LineEditor(this.#history.lines);
  readonly #keys = new KeyReader(process.stdin, process.stdout, { key: (key) => this.#key(key), paste: (text) => this.#paste(text) });
  readonly #conversation: Conversation;
  readonly #question: QuestionPrompt;
  readonly #connection: ConnectionLine;
  readonly #context: CommandContext;
  readonly #left: Promise<number>;
  #leave: (code: number) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  /** Under the prompt, until the next key. */
  #hint: string | undefined;
  #isReady = false;
  #stoppingRunId: string | undefined;
  #interruptedAt = Number.NEGATIVE_INFINITY;

  constructor(client: Client<JsonApi>, flags: ChatFlags) {
    this.#client = client;
    this.#flags = flags;
    this.#left = new Promise((resolve, reject) => {
      this.#leave = resolve;
      this.#fail = reject;
    });
    // Whoever waits for it may not do so yet.
    this.#left.catch(() => undefined);
    this.#conversation = new Conversation(client, this.#view, (error) => this.#lost(error));
    const [view, screen, conversation] = [this.#view, this.#screen, this.#conversation];
    this.#question = new QuestionPrompt({ client, view, screen, edit: (text, name) => this.#edit(text, name) });
    this.#connection = new ConnectionLine(client.connection, screen);
    this.#context = { client, conversation, view, screen, agents: [], threads: [], leave: () => this.#leave(0) };
  }

  /** Once. */
  async run(): Promise<number> {
    const { url, agent, thread } = this.#flags;
    const terminate = (signal: NodeJS.Signals): void => this.#leave(signal === 'SIGHUP' ? 129 : 143);
    process.on('SIGTERM', terminate).on('SIGHUP', terminate);
    this.#keys.start();
    this.#screen.show({
      said: (maxOpen) => this.#view.said(maxOpen),
      work: (mark) => this.#view.work(mark),
      foot: () => this.#foot(),
    });
    try {
      this.#context.agents = await Promise.race([reachServer(this.#client, url), this.#left.then(() => [])]);
      this.#conversation.agent = this.#context.agents.length === 0 ? '' : agentOf(this.#context.agents, agent);
      if (thread !== undefined) await this.#conversation.open(thread);
      const name = span(plainLine(this.#conversation.agent), { bold: true });
      this.#screen.add(wrapSpans([name, span(` at ${plainLine(url)}  /help`, { dim: true })], this.#screen.width));
      this.#isReady = true;
      this.#screen.changed();
      return await this.#left;
    } finally {
      process.off('SIGTERM', terminate).off('SIGHUP', terminate);
      this.#close();
    }
  }

  #close(): void {
    const { threadId } = this.#conversation;
    const isOpen = this.#view.isWorking;
    this.#conversation.close();
    this.#connection.close();
    this.#view.clear();
    if (threadId !== undefined) {
      this.#screen.gap();
      if (isOpen) this.#screen.note('The answer goes on without you.');
      // On a line of its own, so that it can be copied.
      this.#screen.note('To go on with this conversation:');
      this.#screen.note(`  verbatim chat --thread ${threadId}`);
    }
    this.#screen.close();
    this.#keys.stop();
  }

  /** The thread is not to be read any more: it was deleted, or nobody may read here now. */
  #lost(error: unknown): void {
    if (this.#client.connection.state.status === 'closed') return this.#fail(error);
    this.#conversation.begin();
    this.#view.note(`✗ ${explainError(error)}`, { colour: 'red' });
  }

  #foot(): ReturnType<QuestionPrompt['foot']> {
    const { width } = this.#screen;
    const above = this.#connection.lines(width);
    const foot = this.#question.isAsking ? this.#question.foot() : this.#prompt(width);
    const lines: Line[] = [...above, ...foot.lines];
    if (this.#hint !== undefined) lines.push(line(fitText(this.#hint, width), { dim: true }));
    return { lines, cursor: foot.cursor && { row: above.length + foot.cursor.row, column: foot.cursor.column } };
  }

  #prompt(width: number): ReturnType<QuestionPrompt['foot']> {
    if (this.#editor.text !== '') return editorLines(this.#editor, PROMPT, width);
    const placeholder = !this.#isReady
      ? `connecting to ${plainLine(this.#flags.url)}`
      : this.#conversation.isBusy
        ? 'Ctrl-C stops the answer; a message waits in line'
        : `message to ${plainLine(this.#conversation.agent)}`;
    const shown = [span(PROMPT, { colour: 'cyan' }), span(fitText(placeholder, width - PROMPT.length), { dim: true })];
    return { lines: [shown], cursor: { row: 0, column: PROMPT.length } };
  }

  #paste(text: string): void {
    if (this.#question.isAsking) this.#question.paste(text);
    else this.#editor.insert(text);
    this.#screen.changed();
  }

  #key(key: Key): void {
    this.#hint = undefined;
    this.#screen.changed();
    if (key.ctrl !== true || key.name !== 'c') this.#interruptedAt = Number.NEGATIVE_INFINITY;
    if (this.#question.isAsking && this.#question.key(key)) return;
    const request = this.#question.isAsking ? requestOf(key) : this.#editor.press(key);
    switch (request) {
      case 'submit':
        return this.#submit();
      case 'interrupt':
        return this.#interrupt();
      case 'end':
        return this.#leave(0);
      case 'complete':
        return this.#complete();
      case 'clear':
        return this.#screen.wipe();
      case 'suspend':
        return this.#suspend();
      case undefined:
    }
  }

  #submit(): void {
    if (!this.#isReady) return;
    const text = this.#editor.take().trim();
    if (text === '') return;
    this.#history.add(text);
    const done = isCommand(text) ? this.#command(text) : this.#conversation.send(text.startsWith('//') ? text.slice(1) : text);
    done.catch((error: unknown) => {
      if (this.#client.connection.state.status === 'closed') this.#fail(error);
      else this.#view.note(`✗ ${explainError(error)}`, { colour: 'red' });
    });
    this.#screen.changed();
  }

  async #command(text: string): Promise<void> {
    this.#view.beside([[], [span(plainLine(text), { dim: true })]]);
    await runCommand(text, this.#context);
  }

  /** Stops what is under way; else clears what is being written; else, and the second time, leaves. */
  #interrupt(): void {
    const { activeId } = this.#view.runs;
    if (activeId === undefined && this.#editor.text !== '') return this.#editor.set('');
    const isTwice = performance.now() - this.#interruptedAt < TWICE_MS;
    this.#interruptedAt = performance.now();
    if (activeId !== undefined) {
      if (this.#stoppingRunId === activeId) return this.#leave(CHAT_EXIT_CODES.cancelled);
      this.#stoppingRunId = activeId;
      this.#hint = 'stopping; Ctrl-C again leaves';
      this.#conversation.stop().catch((error: unknown) => this.#view.note(`✗ ${explainError(error)}`, { colour: 'red' }));
    } else if (isTwice || !this.#isReady) this.#leave(this.#isReady ? 0 : CHAT_EXIT_CODES.cancelled);
    else this.#hint = 'Ctrl-C again leaves, as Ctrl-D does';
  }

  #complete(): void {
    const { text, cursor } = this.#editor;
    const all = completions(text.slice(0, cursor), this.#context);
    const [first] = all;
    if (first === undefined) return;
    const shared = all.reduce((common, one) => commonStart(common, one));
    if (shared.length > cursor) this.#editor.set(shared + text.slice(cursor), shared.length);
    if (all.length > 1)
      this.#hint = all.slice(0, MAX_COMPLETIONS).map(plainLine).join('   ') + (all.length > MAX_COMPLETIONS ? '   …' : '');
  }

  /** As the shell's Ctrl-Z. */
  #suspend(): void {
    if (process.platform === 'win32') return;
    this.#screen.pause();
    this.#keys.stop();
    process.once('SIGCONT', () => {
      this.#keys.start();
      this.#screen.resume();
    });
    process.kill(process.pid, 'SIGTSTP');
  }

  async #edit(text: string, fileName: string): Promise<string> {
    this.#screen.pause();
    this.#keys.stop();
    try {
      return await editText(text, fileName);
    } finally {
      this.#keys.start();
      this.#screen.resume();
    }
  }
}

/** While a question is asked only these keys are for the rest of the chat. */
function requestOf({ ctrl, name }: Key): 'interrupt' | 'end' | 'clear' | 'suspend' | undefined {
  if (ctrl !== true) return undefined;
  if (name === 'c') return 'interrupt';
  if (name === 'd') return 'end';
  if (name === 'l') return 'clear';
  return name === 'z' ? 'suspend' : undefined;
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.slice(0, length);
}
