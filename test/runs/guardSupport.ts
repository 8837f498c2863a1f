import { defineAgent } from '../../src/agents/defineAgent.ts';
import type { Guard, GuardInput, Guards, GuardVerdict, InputGuard, OutputGuard } from '../../src/agents/guard.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { countingTool, type eventsOf } from './runSupport.ts';

export const PASS: GuardVerdict = { verdict: 'pass' };
export const BLOCK: GuardVerdict = { verdict: 'block', reason: 'forbidden' };

/** A guard that answers as it is told, and remembers what it was asked. */
export function guardThat(
  name: string,
  answer: (input: GuardInput) => GuardVerdict | Promise<GuardVerdict>,
  options: Omit<Partial<InputGuard & OutputGuard>, 'check'> = {},
) {
  const asked: GuardInput[] = [];
  const guard: Guard & InputGuard & OutputGuard = {
    name,
    ...options,
    check(input) {
      asked.push(input);
      return answer(input);
    },
  };
  return { guard, asked };
}

/** One agent under guards, with tools that count their calls. Its model is the test server's. */
export function agentWith(guards: Guards, tools: readonly string[] = []) {
  const counted = tools.map((name) => countingTool(name));
  const assistant = defineAgent({ description: 'Under guard', model: scriptedModel([]), guards, tools: counted.map(({ tool }) => tool) });
  return { agents: { assistant }, counted };
}

/** Who said what, in order. */
export const verdictsOf = (events: Awaited<ReturnType<typeof eventsOf>>) =>
  events.flatMap((event) => (event.type === 'guard.verdict' ? [`${event.guard} ${event.verdict}`] : []));
