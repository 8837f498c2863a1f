/** What is longer away is not a frame any more: a page that is not seen has none. */
const HIDDEN_MS = 250;

/** Calls `listener` before the next paint, or soon where nothing is painted. The returned function takes it back. */
export function onNextFrame(listener: () => void): () => void {
  const timer = setTimeout(() => run(), typeof requestAnimationFrame === 'function' ? HIDDEN_MS : 16);
  const frame = typeof requestAnimationFrame === 'function' ? requestAnimationFrame(() => run()) : undefined;
  const cancel = (): void => {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
  };
  const run = (): void => {
    cancel();
    listener();
  };
  return cancel;
}
