/** How long things are kept. Days are of 24 hours. */
export interface RetentionOptions {
  /** The events of runs that ended longer ago are folded into their messages; readers further behind get a snapshot. Default 30; `false` keeps them all. */
  readonly foldAfterDays?: number | false;
  /** Threads that nobody has used for longer are deleted, with everything in them, unless a run is open. Default: kept. */
  readonly deleteThreadsAfterDays?: number;
  /** Entries of the audit log that are older are removed; an entry says so. Default: kept. */
  readonly auditDays?: number;
  /** How long it is known what principals used on a day. Default 400. */
  readonly usageDays?: number;
  /**
   * With so many bytes in the database, messages, threads and files are refused with `STORAGE_FULL`; runs go on. The log warns at 80 %. Default:
   * whatever the disk holds.
   */
  readonly maxDatabaseBytes?: number;
}
