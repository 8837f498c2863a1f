const TOLD_AGAIN_MS = 60_000;
const MAX_KEPT = 1_000;

/** What administrators of one server read a moment ago: a page that looks every few seconds would fill the audit log with nothing new. */
export class RecentReadings {
  readonly #toldAt = new Map<string, number>();

  /** Whether it is to be told: it was not, within the last minute. */
  isNew(reading: readonly (string | undefined)[], now: number): boolean {
    const key = JSON.stringify(reading);
    const before = this.#toldAt.get(key);
    if (before !== undefined && now - before < TOLD_AGAIN_MS) return false;
    if (this.#toldAt.size >= MAX_KEPT) this.#toldAt.clear();
    this.#toldAt.set(key, now);
    return true;
  }
}
