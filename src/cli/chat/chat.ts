import { createClient } from '../../client/index.node.ts';
import type { JsonApi } from '../../protocol/contract.ts';
import { findVariable } from '../../server/config/secret.ts';

export interface ChatFlags {
  readonly url: string;
  readonly token?: string;
  readonly agent?: string;
  readonly thread?: string;
  readonly json?: true;
}

/**
 * A conversation: at a terminal with a face of its own, else by lines. Resolves when it is over; the exit code is that of `chatExitCode`.
 */
export async function chat(flags: ChatFlags): Promise<void> {
  const token = flags.token ?? findVariable('VERBATIM_TOKEN', process.env)?.value;
  const client = createClient<JsonApi>({ url: flags.url, ...(token !== undefined && { token }) });
  try {
    if (hasFace(flags)) {
      const { terminalChat } = await import('./terminalChat.ts');
      process.exitCode = await terminalChat(client, flags);
    } else {
      const { plainChat } = await import('./plainChat.ts');
      process.exitCode = await plainChat(client, flags);
    }
  } finally {
    await client.close();
  }
}

/** Where the cursor can be moved, and keys be read. */
function hasFace({ json }: ChatFlags): boolean {
  return json !== true && process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}
