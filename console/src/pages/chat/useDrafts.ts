import { useMemo } from 'react';
import { useAccess } from '../../access.tsx';
import { ownStorage } from '../../ownStorage.ts';

export interface Drafts {
  of(threadId: string | undefined): string;
  keep(threadId: string | undefined, text: string): void;
}

/** Texts that are being written, by thread, for as long as the tab is there and nobody logs out. */
export function useDrafts(): Drafts {
  const { me } = useAccess();
  return useMemo(() => {
    const storage = ownStorage(me);
    const key = (threadId: string | undefined): string => `draft.${threadId ?? 'new'}`;
    return {
      of: (threadId) => storage.getItem(key(threadId)) ?? '',
      keep(threadId, text) {
        if (text === '') storage.removeItem(key(threadId));
        else storage.setItem(key(threadId), text);
      },
    };
  }, [me]);
}
