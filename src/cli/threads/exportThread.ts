import { open, rename, rm } from 'node:fs/promises';
import { isErrorCode } from '../../protocol/errorCodes.ts';
import { VerbatimError } from '../../protocol/verbatimError.ts';
import { notThere } from '../notThere.ts';
import { openCaller } from '../openClient.ts';
import { plainJson, plainLine } from '../plainText.ts';
import { withProgress } from '../progress.ts';
import type { ServerFlags } from '../withServer.ts';
import { note, write, writeJson } from '../writeOut.ts';

export interface ExportFlags extends ServerFlags {
  readonly out?: string;
}

interface Source {
  readonly url: string;
  readonly token: string | undefined;
}

/**
 * Writes a thread as the server exports it. A file is there only when it is whole. Throws what the server refuses with, and `CONNECTION_LOST`
 * when it ends too early.
 */
export async function exportThread(id: string, flags: ExportFlags): Promise<void> {
  const { token, logout } = await openCaller(flags);
  try {
    const bearer = typeof token === 'function' ? await token({ refresh: false }).catch((error) => cannotLogIn(flags.url, error)) : token;
    await exportAs(bearer, id, flags);
  } finally {
    await logout();
  }
}

async function cannotLogIn(url: string, error: unknown): Promise<never> {
  throw error instanceof VerbatimError && error.code === 'CONNECTION_LOST' ? await notThere(url, error) : error;
}

async function exportAs(token: string | undefined, id: string, flags: ExportFlags): Promise<void> {
  const { out: file, url } = flags;
  const from = { url, token };
  if (file === undefined) return void (await withProgress(`Exporting ${id}`, () => read(id, from, write)));
  const part = `${file}.part`;
  const target = await open(part, 'w');
  let bytes = 0;
  try {
    await withProgress(`Exporting ${id}`, (progress) =>
      read(id, from, async (text) => {
        bytes += (await target.write(text)).bytesWritten;
        progress.text = `Exporting ${id}: ${(bytes / 1_048_576).toFixed(1)} MiB`;
      }),
    );
    await target.close();
    await rename(part, file);
  } catch (error) {
    await target.close();
    await rm(part, { force: true });
    throw error;
  }
  if (flags.json) await writeJson({ threadId: id, file, bytes });
  else note(`${plainLine(file)} has it: ${bytes.toLocaleString('en-US')} bytes.`);
}

async function read(id: string, from: Source, take: (text: string) => Promise<void>): Promise<void> {
  const { url, token } = from;
  const address = new URL(`/threads/${encodeURIComponent(id)}/export`, url.replace(/^ws/, 'http'));
  const lost = (cause: unknown): VerbatimError =>
    new VerbatimError('CONNECTION_LOST', `${address.origin} did not send all of it. Try again.`, { cause });
  const answer = await fetch(address, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }).catch(async (cause) => {
    throw await notThere(url, cause);
  });
  if (!answer.ok || answer.body === null) throw refusal(await answer.text(), answer.status);
  const text = new TextDecoder();
  const pieces = answer.body[Symbol.asyncIterator]();
  for (;;) {
    const piece = await pieces.next().catch((cause: unknown) => {
      throw lost(cause);
    });
    if (piece.done) break;
    await take(plainJson(text.decode(piece.value, { stream: true })));
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
