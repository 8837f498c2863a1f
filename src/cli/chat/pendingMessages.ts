import { plainLine } from '../plainText.ts';
import { type Line, span } from '../terminal/span.ts';
import { fitText } from '../terminal/textWidth.ts';

interface Pending {
  readonly text: string;
  readonly isSteering: boolean;
}

/** Messages whose turn has not come: they wait in the line of their thread, or to be taken into the run that is under way. */
export class PendingMessages {
  readonly #messages = new Map<string, Pending>();
  /** Messages that stand on the screen already. */
  readonly #shown = new Set<string>();

  add(messageId: string, text: string, isSteering: boolean): void {
    if (!this.#shown.has(messageId)) this.#messages.set(messageId, { text, isSteering });
  }

  /** It was printed as it was sent. */
  shown(messageId: string): void {
    this.#shown.add(messageId);
    this.#messages.delete(messageId);
  }

  /** Its turn has come: the text to print, unless that was done. */
  take(messageId: string): string | undefined {
    const pending = this.#messages.get(messageId);
    this.shown(messageId);
    return pending?.text;
  }

  clear(): void {
    this.#messages.clear();
    this.#shown.clear();
  }

  lines(width: number): Line[] {
    return [...this.#messages.values()].map(({ text, isSteering }) => {
      const what = isSteering ? '↪ joins in: ' : '… queued: ';
      return [span(what, { colour: 'yellow' }), span(fitText(plainLine(text), width - what.length), { dim: true })];
    });
  }
}
