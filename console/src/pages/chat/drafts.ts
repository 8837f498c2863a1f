/** Texts that are being written, by thread, for as long as the tab is there. */
const key = (threadId: string | undefined): string => `verbatim.draft.${threadId ?? 'new'}`;

export function keptDraft(threadId: string | undefined): string {
  return sessionStorage.getItem(key(threadId)) ?? '';
}

export function keepDraft(threadId: string | undefined, text: string): void {
  try {
    if (text === '') sessionStorage.removeItem(key(threadId));
    else sessionStorage.setItem(key(threadId), text);
  } catch {
    // Full: it is still in the field.
  }
}
