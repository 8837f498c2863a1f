import { setMaxListeners } from 'node:events';
import type { GuardedInput, NewVerdict } from '../db/operations/guardVerdict.ts';
import { askGuard, type GuardDrive } from './askGuard.ts';
import type { GuardVerdict, InputGuard } from './guard.ts';

/** What came of asking input guards about the messages that a run answers. A block is not recorded yet: more may have to happen with it. */
export type InputOutcome =
  | { readonly kind: 'pass' }
  /** Models are sent another text from here on. */
  | { readonly kind: 'rewrite' }
  | { readonly kind: 'block'; readonly verdict: NewVerdict };

/**
 * Asks guards about messages, each guard about each message once in a run: what the log says is not asked again. All are asked at the same time;
 * the first block ends it. Of several that rewrite one message the first in order wins, and the others are asked again about its text.
 */
export async function askInputGuards(
  guards: readonly InputGuard[],
  inputs: readonly GuardedInput[],
  drive: GuardDrive,
): Promise<InputOutcome> {
  const stopping = new AbortController();
  const asking = { ...drive, signal: AbortSignal.any([drive.signal, stopping.signal]) };
  // Each guard that is asked listens: Node takes more than ten for a leak.
  setMaxListeners(0, asking.signal);
  try {
    const rewrites = await Promise.all(inputs.map((input) => askAbout(input, guards, asking)));
    return { kind: rewrites.includes(true) ? 'rewrite' : 'pass' };
  } catch (cause) {
    if (!(cause instanceof Blocked)) throw cause;
    return { kind: 'block', verdict: cause.verdict };
  } finally {
    stopping.abort(new Error('another guard has blocked the message'));
  }
}

/** Whether any guard rewrote it. Throws `Blocked`. */
async function askAbout(input: GuardedInput, guards: readonly InputGuard[], drive: GuardDrive): Promise<boolean> {
  let open = guards.filter((guard) => !input.verdicts.some((said) => said.guard === guard.name && said.agent === drive.agent));
  let { text } = input;
  let changed = false;
  while (open.length > 0) {
    const now = { ...input, text };
    const answers = await Promise.all(open.map(async (guard) => ({ guard, answer: await askOne(guard, now, drive) })));
    const [first, ...others] = answers.flatMap(({ guard, answer }) => (answer.verdict === 'rewrite' ? [{ guard, answer }] : []));
    if (first === undefined) return changed;
    await drive.record(wordOf(first.guard, first.answer, input, drive));
    text = first.answer.text;
    changed = true;
    open = others.map(({ guard }) => guard);
  }
  return changed;
}

async function askOne(guard: InputGuard, input: GuardedInput, drive: GuardDrive): Promise<GuardVerdict> {
  const { text } = input;
  const said = await askGuard(guard, { stage: 'input', part: 'text', before: '', text, asked: text }, drive);
  // A message may not be empty.
  const answer: GuardVerdict = said.verdict === 'rewrite' && said.text.trim() === '' ? { ...said, verdict: 'block' } : said;
  if (answer.verdict === 'block') throw new Blocked(wordOf(guard, answer, input, drive));
  if (answer.verdict === 'pass') await drive.record(wordOf(guard, answer, input, drive));
  return answer;
}

function wordOf(guard: InputGuard, answer: GuardVerdict, { key, id }: GuardedInput, { agent }: GuardDrive): NewVerdict {
  return {
    message: { key, id },
    agent,
    guard: guard.name,
    stage: 'input',
    verdict: answer.verdict,
    reason: answer.reason,
    text: answer.verdict === 'rewrite' ? answer.text : undefined,
    usage: answer.usage,
  };
}

class Blocked extends Error {
  readonly verdict: NewVerdict;

  constructor(verdict: NewVerdict) {
    super(`The guard ${verdict.guard} blocked the message.`);
    this.verdict = verdict;
  }
}
