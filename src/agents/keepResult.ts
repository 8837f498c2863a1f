import type { FileStore, FileWriter } from '../db/fileStore.ts';
import type { ToolOutcome } from '../db/operations/finishToolCall.ts';
import type { Json } from '../protocol/json.ts';
import type { Limits } from '../protocol/limits.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { ToolFileResult } from './defineTool.ts';
import { fileName } from './fileName.ts';
import { isTextType, parseMediaType, SNIFFED_BYTES, sniffMediaType } from './mediaType.ts';

/** How much of a result its event shows. */
const PREVIEW_BYTES = 2 * 1024;

export interface KeepOptions {
  readonly files: FileStore;
  /** Key of the thread with which a file goes. */
  readonly thread: number;
  readonly limits: Limits;
}

/**
 * What is recorded of a result: the JSON itself, or a file of the thread when it is a file, or JSON of more than `maxToolOutputBytes`. The
 * file's bytes are durable before this returns, and nobody sees them before the event that `finishToolCall` writes: call that, or `settle`.
 */
export async function keepResult(
  result: ToolFileResult | { readonly json: string },
  { files, thread, limits }: KeepOptions,
): Promise<ToolOutcome> {
  if ('json' in result && Buffer.byteLength(result.json) <= limits.maxToolOutputBytes) {
    const output: Json = JSON.parse(result.json);
    return { output };
  }
  const content = 'json' in result ? { bytes: Buffer.from(result.json), type: 'application/json', name: undefined } : await typed(result);
  const { bytes, type, name } = content;
  const { byteLength: size } = bytes;
  if (size > limits.maxFileBytes) return tooLarge(`The tool returned ${size} bytes; at most ${limits.maxFileBytes} fit.`);
  let writer: FileWriter | undefined;
  try {
    writer = await files.begin({ of: { thread }, name, type, size, limits });
    await writer.write(bytes);
    return { file: await writer.seal(), preview: previewOf(bytes, type) };
  } catch (cause) {
    writer?.discard();
    if (cause instanceof VerbatimError && (cause.code === 'FILE_TOO_LARGE' || cause.code === 'QUOTA_EXCEEDED')) {
      return tooLarge(`The tool returned ${size} bytes, for which there is no room: the files of this user are full.`);
    }
    throw cause;
  }
}

/** A tool's word for what it made counts. */
async function typed({ bytes, type, name }: ToolFileResult) {
  const declared = parseMediaType(type);
  const found = declared ?? (await sniffMediaType(bytes.subarray(0, SNIFFED_BYTES), undefined));
  return { bytes, type: found ?? 'application/octet-stream', name: fileName(name) };
}

function previewOf(bytes: Uint8Array, type: string): string {
  if (!isTextType(type)) return `${type}, ${bytes.byteLength.toLocaleString('en-US')} bytes`;
  const cut = bytes.byteLength > PREVIEW_BYTES;
  // A character that is cut at the end is left out.
  return new TextDecoder().decode(bytes.subarray(0, PREVIEW_BYTES), { stream: cut }).toWellFormed();
}

function tooLarge(message: string): ToolOutcome {
  return { error: new VerbatimError('OUTPUT_TOO_LARGE', `${message} Ask for less, or for a part of it.`).info };
}
