import type { FileRef } from '../../protocol/file.ts';
import type { AcceptInput } from './acceptMessage.ts';
import { type Authority, findFile, noSuchFile } from './access.ts';

/** The files that a message refers to; undefined for none. Throws `NOT_FOUND` for one that the caller may not read. */
export function attachedFiles(authority: Authority, { attachments = [], principal }: AcceptInput): readonly FileRef[] | undefined {
  if (attachments.length === 0) return undefined;
  return attachments.map((fileId) => {
    const file = findFile(authority, principal, fileId);
    // One of several: the caller is told which.
    if (file === undefined) throw noSuchFile({ fileId });
    const { id, type, size, name } = file;
    return { id, type, size, ...(name !== null && { name }) };
  });
}
