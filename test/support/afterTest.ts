import { afterAll, afterEach, onTestFinished } from 'vitest';
import { type Counters, checkLeaks } from './leakCheck.ts';

type Task = () => unknown;
let tasks: Task[] | undefined;

/** Runs when the test is over, the last first. */
export function afterTest(task: Task): void {
  if (tasks === undefined) onTestFinished(async () => void (await task()));
  else tasks.push(task);
}

/** As `checkLeaks`, after what `afterTest` was told to do. vitest runs `onTestFinished` only after every `afterEach`. */
export function checkLeaksAfterwards(counters?: Counters): void {
  checkLeaks(counters);
  tasks = [];
  // The next file may be run by the same process.
  afterAll(() => {
    tasks = undefined;
  });
  afterEach(async () => {
    for (let task = tasks?.pop(); task !== undefined; task = tasks?.pop()) await task();
  });
}
