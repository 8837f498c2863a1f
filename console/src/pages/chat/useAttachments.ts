import { useCallback, useEffect, useRef, useState } from 'react';
import type { FileRef } from 'verbatim-agents/client';
import { useClient } from 'verbatim-agents/react';
import { errorText } from '../../ui/errorText.ts';

export interface Attachment {
  readonly key: number;
  readonly name: string;
  readonly size: number;
  /** From 0 to 1. */
  readonly progress: number;
  readonly file?: FileRef;
  readonly error?: string;
}

export interface Attachments {
  readonly list: readonly Attachment[];
  /** Some are on their way. */
  readonly isUploading: boolean;
  add(files: Iterable<File>): void;
  remove(key: number): void;
  /** Those that were sent go with their message. */
  clear(): void;
}

/** Files for the next message: sent to the server at once, so that the message need not wait. */
export function useAttachments(): Attachments {
  const client = useClient();
  const [list, setList] = useState<readonly Attachment[]>([]);
  const uploads = useRef(new Map<number, AbortController>());
  const count = useRef(0);
  useEffect(() => {
    const open = uploads.current;
    return () => {
      for (const upload of open.values()) upload.abort();
    };
  }, []);

  const add = useCallback(
    (files: Iterable<File>): void => {
      for (const content of files) {
        const key = ++count.current;
        const upload = new AbortController();
        const change = (fields: Partial<Attachment>): void =>
          setList((before) => before.map((one) => (one.key === key ? { ...one, ...fields } : one)));
        uploads.current.set(key, upload);
        setList((before) => [...before, { key, name: content.name, size: content.size, progress: 0 }]);
        client.files
          .upload(content, {
            signal: upload.signal,
            onProgress: ({ sentBytes }) => change({ progress: content.size === 0 ? 1 : Math.min(1, sentBytes / content.size) }),
          })
          .then(
            (file) => change({ file, progress: 1 }),
            (cause: unknown) => change({ error: errorText(cause) }),
          )
          .finally(() => uploads.current.delete(key));
      }
    },
    [client],
  );
  const remove = useCallback((key: number): void => {
    uploads.current.get(key)?.abort();
    setList((before) => before.filter((one) => one.key !== key));
  }, []);
  const clear = useCallback((): void => setList([]), []);
  return { list, isUploading: list.some(({ file, error }) => file === undefined && error === undefined), add, remove, clear };
}
