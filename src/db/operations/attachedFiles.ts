import type { FileRef } from '../../protocol/file.ts';
import type { Queries } from '../queries.ts';
import type { AcceptInput } from './acceptMessage.ts';
import { ownFile } from './access.ts';

/** The files that a message refers to; undefined for none. Throws `NOT_FOUND` for one that is not there, or not the caller's. */
export function attachedFiles(queries: Queries, { attachments = [], principal }: AcceptInput): readonly FileRef[] | undefined {
  if (attachments.length === 0) return undefined;
  return attachments.map((fileId) => {
    const { id, type, size, name } = ownFile(queries, principal.id, fileId);
    return { id, type, size, ...(name !== null && { name }) };
  });
}
