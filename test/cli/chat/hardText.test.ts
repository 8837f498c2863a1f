import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { defineAgent, offline } from '../../../src/index.ts';
import { createTestServer, scriptedModel } from '../../../src/testing/index.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';
import { PtyCommand } from '../../support/ptyCommand.ts';
import { closedGate } from '../../testing/gate.ts';

vi.setConfig({ testTimeout: 120_000 });

/** For a person half a second is at once. More here: this process is the terminal and the server too, and reads slowly. A frozen one took 5 s to 20 s. */
const AT_ONCE_MS = 4_000;
const PIECE = 2_000;

/** Over 200 KB of Markdown that is hard to lay out, with words that are counted. */
function hardText(): { readonly text: string; readonly words: readonly string[] } {
  const words: string[] = [];
  const word = (): string => {
    const next = `t${String(words.length).padStart(6, '0')}`;
    words.push(next);
    return next;
  };
  const times = (count: number, make: (at: number) => string, between = ''): string =>
    Array.from({ length: count }, (_, at) => make(at)).join(between);
  const text = [
    `${'> '.repeat(300)}${word()}`,
    times(60, (at) => `${'  '.repeat(at)}- ${word()}`, '\n'),
    times(12_500, word, ' '),
    '東京'.repeat(25_000),
    `|${' c |'.repeat(500)}\n|${'---|'.repeat(500)}\n${times(10, () => `|${' ¤ |'.repeat(500)}`, '\n')}`,
    times(500, () => `**a *b __c ~~d [e](${word()}`, '\n'),
    `\`\`\`ts\n${times(1_000, () => `const ${word()} = "`, '\n')}`,
  ].join('\n\n');
  return { text, words };
}

const piecesOf = (text: string): readonly string[] =>
  Array.from({ length: Math.ceil(text.length / PIECE) }, (_, at) => text.slice(at * PIECE, (at + 1) * PIECE));

function open(folder: CliFolder, url: string): PtyCommand {
  const env = { XDG_STATE_HOME: join(folder.path, 'state'), TERM: 'xterm-256color' };
  return new PtyCommand(process.execPath, [VERBATIM_COMMAND, 'chat', '--url', url], { cwd: folder.path, env });
}

/** How long it takes until this is written. */
async function tookUntil(chat: PtyCommand, written: string, act: () => void): Promise<number> {
  const from = chat.raw.length;
  const begun = performance.now();
  act();
  await vi.waitFor(() => expect(chat.raw.slice(from).includes(written)).toBe(true), { timeout: 60_000, interval: 10 });
  return performance.now() - begun;
}

test('an answer of hard text is whole, and Ctrl-C is answered at once while it comes and behind it', async () => {
  const { text, words } = hardText();
  expect(text.length).toBeGreaterThan(200_000);
  const never = closedGate();
  const chunks = piecesOf(text);
  const model = scriptedModel([
    { chunks, until: never.opened },
    { chunks, delayMs: 20, until: never.opened },
  ]);
  const agents = { support: defineAgent({ description: 'Helps', model: offline() }) };
  await using server = await createTestServer({ agents, models: { support: model } });
  await using folder = new CliFolder();
  await using chat = open(folder, server.url);
  await chat.shows(/message to support/);

  await tookUntil(chat, words.at(-1) ?? '', () => chat.type('All\r'));
  expect(await tookUntil(chat, '■ stopped', () => chat.type('\u0003'))).toBeLessThan(AT_ONCE_MS);
  await chat.shows(/■ stopped\n\n> message/);
  const said = chat.screen.text;
  expect(said.match(/t\d{6}/g)).toEqual(words);
  expect(said.match(/[東京]/g)).toHaveLength(50_000);
  expect(said.match(/¤/g)).toHaveLength(5_000);
  expect(chat.screen.faults).toEqual([]);

  await tookUntil(chat, '東京', () => chat.type('Again\r'));
  expect(await tookUntil(chat, '■ stopped', () => chat.type('\u0003'))).toBeLessThan(AT_ONCE_MS);
  chat.type('\u0003\u0003');
  expect(await chat.exited).toBe(0);
});
