import { closeSync, fsyncSync, openSync } from 'node:fs';
import { createServer, defineAgent, offline } from 'verbatim-agents';
import { openSqlite } from './openSqlite.ts';

/** Threads of finished runs, as a server leaves them. All threads have the same size; thread `n` belongs to user `n % users`. */
export interface Seed {
  readonly threads: number;
  readonly runsPerThread: number;
  readonly eventsPerRun: number;
  readonly users: number;
  /** Plain letters, the same for every delta. */
  readonly token?: string;
}

/** Threads that were written at the same time: their rows lie mixed. */
const AT_ONCE = 100;
/** Of a run, besides its deltas: received, started, message started, message completed, completed. */
const OTHER_EVENTS = 5;
const PROMPT = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU';

export function seededThreadId(thread: number): string {
  return `thread_${String(thread).padStart(26, '0')}`;
}

/** Fills a new file of Verbatim with rows, by SQL. About 5 us an event; the file is on the disk when it resolves. */
export async function seedDatabase(file: string, seed: Seed): Promise<void> {
  await (await createServer({ agents: { bot: defineAgent({ description: 'bot', model: offline() }) }, database: file })).close();
  const raw = openSqlite(file);
  try {
    raw.pragma('journal_mode = MEMORY');
    raw.pragma('synchronous = OFF');
    raw.pragma('cache_size = -500000');
    raw.transaction(() => {
      for (const statement of statementsOf(seed)) raw.exec(statement);
    })();
  } finally {
    raw.close();
  }
  // Or the system writes it while something is measured.
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function statementsOf({ threads, runsPerThread, eventsPerRun, users, token = 'token ' }: Seed): readonly string[] {
  const runs = threads * runsPerThread;
  const deltas = eventsPerRun - OTHER_EVENTS;
  const at = Date.now() - 24 * 60 * 60_000;
  // Thread t has the runs t * runsPerThread + 0, 1, ...; keys count from 1.
  const threadOf = (run: string): string => `(${run} / ${runsPerThread})`;
  const firstSeq = (run: string): string => `(${run} % ${runsPerThread} * ${eventsPerRun})`;
  const id = (prefix: string, number: string): string => `printf('${prefix}_%026d', ${number})`;
  const user = (run: string): string => `'user-' || (${threadOf(run)} % ${users})`;
  const text = `replace(hex(zeroblob(${deltas})), '00', '${token}')`;
  const usage = `'{"inputTokens":10,"outputTokens":${deltas},"estimated":true}'`;
  const event = (type: string, run: string): string => `',"type":"${type}","runId":"' || ${id('run', run)} || '"`;
  const message = (number: string): string => `,"messageId":"' || ${id('msg', number)} || '"`;
  const json = (run: string, place: string): string => `'{"seq":' || (${firstSeq(run)} + ${place}) || ',"at":${at}' ||
    case ${place}
      when 1 then ${event('message.received', run)}${message(`2 * ${run}`)},"agent":"scheduled","text":"Go on","principalId":"' || ${user(run)} || '"}'
      when 2 then ${event('run.started', run)},"agent":"scheduled","attempt":1}'
      when 3 then ${event('message.started', run)}${message(`2 * ${run} + 1`)},"agent":"scheduled","step":1}'
      when ${eventsPerRun - 1} then ${event('message.completed', run)}${message(`2 * ${run} + 1`)},"text":"' || whole.text || '","finish":"stop"}'
      when ${eventsPerRun} then ${event('run.completed', run)},"usage":' || ${usage} || ',"outcome":"complete"}'
    end`;
  const isDelta = `place between 4 and ${eventsPerRun - 2}`;
  const numbers = Math.max(runs, eventsPerRun) + 1;
  return [
    `create temp table numbers (n integer primary key);
     insert into numbers with recursive up(n) as (select 0 union all select n + 1 from up where n < ${numbers}) select n from up;
     create temp table whole as select ${text} as text`,
    `insert into prompts values ('${PROMPT}', '')`,
    `insert into threads (key, id, owner, metadata, created_at, updated_at)
     select n + 1, ${id('thread', 'n')}, 'user-' || (n % ${users}), 'null', ${at}, ${at} + n from numbers where n < ${threads}`,
    `insert into runs (key, id, thread, agent, principal, status, attempt, cancel_on_disconnect, options, context, first_seq, last_seq,
       created_at, started_at, ended_at, usage, outcome)
     select n + 1, ${id('run', 'n')}, ${threadOf('n')} + 1, 'scheduled', '{"id":"' || ${user('n')} || '"}', 'completed', 1, 0, '{}', 'null',
       ${firstSeq('n')} + 1, ${firstSeq('n')} + ${eventsPerRun}, ${at}, ${at}, ${at}, ${usage}, 'complete' from numbers where n < ${runs}`,
    `insert into messages (key, id, thread, run, role, status, seq, received_seq, agent, text, metadata, principal_id, at)
     select 2 * n + 1, ${id('msg', '2 * n')}, ${threadOf('n')} + 1, n + 1, 'user', 'complete', ${firstSeq('n')} + 2, ${firstSeq('n')} + 1,
       'scheduled', 'Go on', 'null', ${user('n')}, ${at} from numbers where n < ${runs}`,
    `insert into messages (key, id, thread, run, role, status, seq, received_seq, agent, text, finish, metadata, at)
     select 2 * n + 2, ${id('msg', '2 * n + 1')}, ${threadOf('n')} + 1, n + 1, 'assistant', 'complete', ${firstSeq('n')} + 3,
       ${firstSeq('n')} + 3, 'scheduled', whole.text, 'stop', 'null', ${at} from numbers, whole where n < ${runs}`,
    `insert into steps (run, number, attempt, seq, message, model, instructions, tools, options, finish, usage, started_at, ended_at)
     select n + 1, 1, 1, ${firstSeq('n')} + 2, 2 * n + 2, 'scheduled', '${PROMPT}', '${PROMPT}', '{}', 'stop', ${usage}, ${at}, ${at}
     from numbers where n < ${runs}`,
    // A block of threads after the other, run by run: in each place of a run, all the block's threads.
    `insert into events (thread, seq, run, v, json, message, at)
     select ${threadOf('run')} + 1, ${firstSeq('run')} + place, run + 1, iif(${isDelta}, 2, 1),
       iif(${isDelta}, '"${token}"', ${json('run', 'place')}), iif(${isDelta}, 2 * run + 2, null), iif(${isDelta}, ${at}, null)
     from (select thread.n * ${runsPerThread} + turn.n as run, place.n as place
       from numbers as block cross join numbers as turn cross join numbers as place cross join numbers as thread
       where block.n <= ${threads} / ${AT_ONCE} and turn.n < ${runsPerThread} and place.n between 1 and ${eventsPerRun}
         and thread.n >= block.n * ${AT_ONCE} and thread.n < min(${threads}, (block.n + 1) * ${AT_ONCE})) cross join whole`,
    // In blocks of the size that a server writes.
    `insert into event_index (thread, last_seq, ids)
     select thread, max(seq), json_group_array(id order by seq) from events group by thread, (seq - 1) / 128`,
  ];
}
