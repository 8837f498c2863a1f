const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const WITH_SECONDS = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A moment, in the reader's own time. */
export function formatMoment(at: number, { seconds = false }: { readonly seconds?: boolean } = {}): string {
  return (seconds ? WITH_SECONDS : SHORT).format(at);
}
