import { type CallerFlags, openClient } from '../openClient.ts';

export interface ChatFlags extends CallerFlags {
  readonly agent?: string;
  readonly thread?: string;
  readonly json?: true;
}

/**
 * A conversation: at a terminal with a face of its own, else by lines. Resolves when it is over; the exit code is that of `chatExitCode`.
 */
export async function chat(flags: ChatFlags): Promise<void> {
  const { client, close } = await openClient(flags);
  try {
    if (hasFace(flags)) {
      const { terminalChat } = await import('./terminalChat.ts');
      process.exitCode = await terminalChat(client, flags);
    } else {
      const { plainChat } = await import('./plainChat.ts');
      process.exitCode = await plainChat(client, flags);
    }
  } finally {
    await close();
  }
}

/** Where the cursor can be moved, and keys be read. */
function hasFace({ json }: ChatFlags): boolean {
  return json !== true && process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}
