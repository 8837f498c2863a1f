/** Calls `wake` when the network or the page comes back, where there are such things. The returned function takes it back. */
export function onWake(wake: () => void): () => void {
  const page = typeof document === 'undefined' ? undefined : document;
  const scope: Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>> = globalThis;
  const visible = () => {
    if (page?.visibilityState === 'visible') wake();
  };
  scope.addEventListener?.('online', wake);
  page?.addEventListener?.('visibilitychange', visible);
  return () => {
    scope.removeEventListener?.('online', wake);
    page?.removeEventListener?.('visibilitychange', visible);
  };
}
