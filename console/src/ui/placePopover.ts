const GAP_PX = 4;

/** Puts what the browser shows above everything below its trigger, or above where there is no room, aligned to the trigger's start or end. */
export function placePopover(trigger: HTMLElement | null, popup: HTMLElement | null, align: 'start' | 'end'): void {
  const from = trigger?.getBoundingClientRect();
  if (from === undefined || popup === null) return;
  const isBelow = from.bottom + GAP_PX + popup.offsetHeight <= window.innerHeight;
  const left = align === 'start' ? Math.min(from.left, window.innerWidth - GAP_PX - popup.offsetWidth) : from.right - popup.offsetWidth;
  popup.style.top = `${isBelow ? from.bottom + GAP_PX : from.top - GAP_PX - popup.offsetHeight}px`;
  popup.style.left = `${Math.max(GAP_PX, left)}px`;
}
