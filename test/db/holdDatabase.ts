// Run by childServer.ts: opens the database, writes events, records the mark, says its epoch, and stays until it is killed.
import { openDatabase } from '../../src/db/openDatabase.ts';
import { systemClock } from '../../src/protocol/clock.ts';

const [file = '', events = '0', mark = events] = process.argv.slice(2);
// The first mark is written at once and not a second later; a later one only when it need not wait.
let delays = 0;
const clock = {
  now: systemClock.now,
  after(_delayMs: number, task: () => void) {
    delays += 1;
    return delays === 1 ? systemClock.after(1, task) : () => {};
  },
};
const database = openDatabase({ file, clock });
for (let id = 1; id <= Number(events); id += 1) {
  database.raw.prepare("insert into events (id, thread, seq, run, v, json) values (?, 1, ?, 1, 1, '{}')").run(id, id);
  database.recordHighWater(id);
}
// Timers of one length end in order: the mark is written then.
setTimeout(() => {
  database.recordHighWater(Number(mark));
  console.log(database.epoch);
}, 1);
setInterval(() => {}, 60_000);
