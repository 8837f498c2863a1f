import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import type { Key } from './lineEditor.ts';

export interface KeyListener {
  key(key: Key): void;
  /** What was pasted, of as many lines as it has. */
  paste(text: string): void;
}

const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';
/** Nobody presses a key that soon after a paste; what comes later is not of it. */
const PASTE_PAUSE_MS = 150;
const SHOW_CURSOR = '\u001b[?25h';

/**
 * Reads single keys of a terminal, and whole pastes where it marks them (bracketed paste). Whatever ends the process, the terminal is given
 * back as it was.
 */
export class KeyReader {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #listener: KeyListener;
  readonly #onKey = (text: string | undefined, key: Key): void => this.#take(text, key);
  readonly #giveBack = (): void => this.stop();
  #pasted: string[] | undefined;
  #pastedAt = 0;
  #isReading = false;

  constructor(input: ReadStream, output: WriteStream, listener: KeyListener) {
    this.#input = input;
    this.#output = output;
    this.#listener = listener;
    emitKeypressEvents(input);
  }

  start(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#input.setRawMode(true);
    this.#input.on('keypress', this.#onKey).resume();
    this.#output.write(PASTE_ON);
    process.on('exit', this.#giveBack);
  }

  stop(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    process.off('exit', this.#giveBack);
    this.#output.write(`${PASTE_OFF}${SHOW_CURSOR}`);
    this.#input.off('keypress', this.#onKey).pause();
    this.#input.setRawMode(false);
  }

  #take(text: string | undefined, key: Key): void {
    if (key.name === 'paste-start') {
      this.#pasted = [];
      this.#pastedAt = performance.now();
    } else if (key.name === 'paste-end') this.#endPaste();
    else if (this.#pasted === undefined) this.#listener.key(key);
    else if (isWayOut(key)) {
      // Its end was lost, or never was: a person has to get out of it. What was copied may hold such a key, but not after a pause.
      if (performance.now() - this.#pastedAt < PASTE_PAUSE_MS) return;
      this.#endPaste();
      this.#listener.key(key);
    } else {
      this.#pastedAt = performance.now();
      // Escape sequences in what was copied are nobody's text.
      if (text !== undefined) this.#pasted.push(text);
    }
  }

  #endPaste(): void {
    const pasted = (this.#pasted ?? []).join('').replace(/\r\n?/g, '\n');
    this.#pasted = undefined;
    this.#listener.paste(pasted);
  }
}

function isWayOut({ ctrl, name }: Key): boolean {
  return ctrl === true && (name === 'c' || name === 'd');
}
