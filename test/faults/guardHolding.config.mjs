import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { defineAgent, defineConfig } from 'verbatim-agents';

const { ASKED = 'asked.jsonl', RELEASE = 'release' } = process.env;

const note = (guard, text) => appendFileSync(ASKED, `${JSON.stringify({ guard, text, pid: process.pid })}\n`);

/** Lets all pass, and says what it was asked. */
const gate = {
  name: 'gate',
  blocking: true,
  check({ text }) {
    note('gate', text);
    return { verdict: 'rewrite', text: `${text} (checked)` };
  },
};

/** Lets the first sentence pass, and the others when the file is there. */
const holder = {
  name: 'holder',
  mode: 'hold',
  async check({ text, before, signal }) {
    note('holder', text);
    while (before !== '' && !existsSync(RELEASE)) await pause(10, undefined, { signal });
    return { verdict: 'pass' };
  },
};

const speaker = {
  name: 'speaker',
  async *stream({ messages }, { signal }) {
    yield { type: 'text', delta: `You said ${messages.at(-1).text}. ` };
    await pause(20, undefined, { signal });
    yield { type: 'text', delta: 'This is held back. ' };
    yield { type: 'text', delta: 'Done' };
    yield { type: 'finish', finish: 'stop', toolCalls: [] };
  },
};

export default defineConfig({
  agents: { guarded: defineAgent({ description: 'Speaks under guard', model: speaker, guards: { input: [gate], output: [holder] } }) },
});
