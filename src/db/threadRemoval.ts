import type { Database } from 'better-sqlite3';

/** Rows of a thread, by table, those that refer to others first: what each is chosen by. Events go by their index. */
const TABLES: readonly (readonly [table: string, condition: string])[] = [
  ['summaries', 'thread = @thread'],
  ['shares', 'thread = @thread'],
  ['approvals', 'thread = @thread'],
  ['approval_rules', 'thread = @thread'],
  ['steps', 'run in (select key from runs where thread = @thread)'],
  ['tool_calls', 'thread = @thread'],
  ['messages', 'thread = @thread'],
  // A run is younger than the one it hangs under.
  ['runs', 'thread = @thread order by key desc'],
];

/** Removes the rows of a thread bit by bit. */
export function prepareThreadRemoval(raw: Database) {
  const removals = TABLES.map(([table, condition]) =>
    raw.prepare<[{ thread: number; limit: number }]>(
      `delete from ${table} where key in (select key from ${table} where ${condition} limit @limit)`,
    ),
  );
  const prompts = raw.prepare<[{ thread: number; limit: number }], string>(
    `select distinct hash from (select instructions, tools from steps where run in (select key from runs where thread = @thread) limit @limit)
     join prompts on hash in (instructions, tools)`,
  );
  const removePrompt = raw.prepare<[{ hash: string }]>(
    `delete from prompts where hash = @hash and not exists (select 1 from steps where instructions = @hash)
     and not exists (select 1 from steps where tools = @hash)`,
  );
  return {
    /** Up to `limit` rows of one table; returns how many, 0 when there are none left. With steps go the prompts that only they had. */
    some(thread: number, limit: number): number {
      const hashes = prompts.pluck().all({ thread, limit });
      for (const removal of removals) {
        const { changes } = removal.run({ thread, limit });
        if (changes === 0) continue;
        for (const hash of hashes) removePrompt.run({ hash });
        return changes;
      }
      return 0;
    },
  };
}
