import { isErrorCode } from '../protocol/errorCodes.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import { write } from './writeOut.ts';

export interface ExportFlags {
  readonly url: string;
  readonly token?: string;
}

/** Prints a thread as the server exports it. Throws what the server refuses with, and `CONNECTION_LOST` when it ends too early. */
export async function exportThread(id: string, { url, token }: ExportFlags): Promise<void> {
  const address = new URL(`/threads/${encodeURIComponent(id)}/export`, url.replace(/^ws/, 'http'));
  const lost = (cause: unknown): VerbatimError =>
    new VerbatimError('CONNECTION_LOST', `${address.origin} did not send all of it. Is a server there?`, { cause });
  const answer = await fetch(address, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }).catch((cause) => {
    throw lost(cause);
  });
  if (!answer.ok || answer.body === null) throw refusal(await answer.text(), answer.status);
  const text = new TextDecoder();
  try {
    for await (const bytes of answer.body) await write(text.decode(bytes, { stream: true }));
  } catch (cause) {
    throw lost(cause);
  }
}

function refusal(body: string, status: number): VerbatimError {
  try {
    const { message, data } = (JSON.parse(body) as { error: { json: { message: string; data: { reason: unknown } } } }).error.json;
    if (isErrorCode(data.reason)) return new VerbatimError(data.reason, message);
  } catch {
    // Whoever answered is no server of ours.
  }
  return new VerbatimError('INTERNAL', `The server answered with ${status}.`);
}
