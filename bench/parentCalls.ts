/** What a process of the benchmark does when its parent asks. */
export type Calls<Self> = { readonly [Name in keyof Self]: (input: never) => unknown };

export interface CallMessage {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export type AnswerMessage =
  | { readonly type: 'ready'; readonly value: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly message: string };

/** Tells the parent that this process is ready, answers its calls, and ends with it. */
export function answerParent<Self extends Calls<Self>>(calls: Self, ready?: unknown): void {
  const byName = new Map(Object.entries(calls));
  process.on('message', async ({ id, name, input }: CallMessage) => {
    try {
      // Both ends are files of this folder, and the parent's calls are typed by these.
      const call = byName.get(name) as ((input: unknown) => unknown) | undefined;
      if (call === undefined) throw new Error(`there is no call ${name}`);
      tell({ type: 'answer', id, value: await call(input) });
    } catch (error) {
      tell({ type: 'failure', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
  tell({ type: 'ready', value: ready });
}

function tell(message: AnswerMessage): void {
  process.send?.(message);
}
