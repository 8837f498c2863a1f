import type { StoredFile } from '../db/fileStore.ts';
import type { FileRef } from '../protocol/file.ts';
import { VerbatimError } from '../protocol/verbatimError.ts';
import type { CompiledMessage } from './compileTranscript.ts';
import { isTextType, matchesMediaType } from './mediaType.ts';
import type { ModelAttachment, ModelMessage } from './model.ts';
import type { Drive } from './runWorker.ts';

/** A file in a request. As JSON it is what it is and not its bytes: requests are counted, compared and logged as JSON. */
class LoadedAttachment implements ModelAttachment {
  readonly name: string | undefined;
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly #sha256: string;

  constructor({ name, type, sha256 }: StoredFile, bytes: Uint8Array) {
    this.name = name;
    this.type = type;
    this.bytes = bytes;
    this.#sha256 = sha256;
  }

  toJSON() {
    return { name: this.name, type: this.type, size: this.bytes.byteLength, sha256: this.#sha256 };
  }
}

/**
 * Puts the files that messages refer to into a request: bytes of those that the model takes, by media types such as `image/*`; texts as text,
 * up to `maxToolOutputBytes` of each; a line that names the others. All together have at most `maxFileBytes`: the newest go first, and those
 * that no longer fit are named.
 */
export async function loadAttachments(
  { files, limits, signal }: Pick<Drive, 'files' | 'limits' | 'signal'>,
  messages: readonly CompiledMessage[],
  taken: readonly string[] = [],
): Promise<ModelMessage[]> {
  let room = limits.maxFileBytes;

  async function load(ref: FileRef): Promise<ModelAttachment | string> {
    const asText = isTextType(ref.type);
    if (!asText && !matchesMediaType(ref.type, taken)) return describe(ref, 'You cannot read a file of this type');
    const wanted = asText ? Math.min(ref.size, limits.maxToolOutputBytes) : ref.size;
    if (wanted > room) return describe(ref, 'It is too large to be shown here together with the others');
    signal.throwIfAborted();
    try {
      const file = await files.referred(ref.id);
      const bytes = new Uint8Array(wanted);
      let at = 0;
      for await (const piece of files.read(file, { from: 0, to: wanted })) {
        bytes.set(piece, at);
        at += piece.byteLength;
      }
      room -= wanted;
      return asText ? quote(ref, bytes) : new LoadedAttachment(file, bytes);
    } catch (cause) {
      if (cause instanceof VerbatimError && cause.code === 'NOT_FOUND') return describe(ref, 'It was deleted');
      throw cause;
    }
  }

  const loaded: ModelMessage[] = [];
  for (const message of messages.toReversed()) {
    if (message.role !== 'user' || message.files === undefined) {
      loaded.push(message);
      continue;
    }
    const texts = [message.text];
    const attachments: ModelAttachment[] = [];
    for (const ref of message.files) {
      const part = await load(ref);
      if (typeof part === 'string') texts.push(part);
      else attachments.push(part);
    }
    loaded.push({ role: 'user', text: texts.join('\n\n'), ...(attachments.length > 0 && { attachments }) });
  }
  return loaded.toReversed();
}

function describe({ name, type, size }: FileRef, why: string): string {
  return `[The user attached the file ${JSON.stringify(name ?? 'without a name')}, ${type}, ${size} bytes. ${why}.]`;
}

function quote(ref: FileRef, bytes: Uint8Array): string {
  const { name, type, size } = ref;
  // The last character may be cut where not all is shown.
  const text = new TextDecoder().decode(bytes, { stream: bytes.byteLength < size });
  const shown = bytes.byteLength < size ? ` These are the first ${bytes.byteLength}.` : '';
  return `[The user attached the file ${JSON.stringify(name ?? 'without a name')}, ${type}, ${size} bytes.${shown}]\n${text}\n[End of the file]`;
}
