import { VerbatimError } from '../protocol/verbatimError.ts';

/** What the answers of one HTTP batch may come to: all of them are held until the last is there. */
export class BatchBudget {
  readonly #maxBytes: number;
  #bytes = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Resolves when the calls before have been answered; call what it resolves to with the answer. Throws `FRAME_TOO_BIG` when they were all there is room for. */
  async takeTurn(): Promise<(answer: unknown) => void> {
    const before = this.#turn;
    let release = (): void => {};
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    if (this.#bytes >= this.#maxBytes) {
      release();
      throw new VerbatimError(
        'FRAME_TOO_BIG',
        'The answers of this batch are too large together. Ask for this one in a request of its own.',
        {
          details: { limit: 'maxBatchBytes', max: this.#maxBytes },
        },
      );
    }
    return (answer) => {
      if (answer !== undefined) this.#bytes += Buffer.byteLength(JSON.stringify(answer));
      release();
    };
  }
}
