import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineAgent, defineTool, offline } from '../../../src/index.ts';
import { createTestServer, type ScriptedStep, scriptedModel, type TestServer } from '../../../src/testing/index.ts';
import { CliFolder, VERBATIM_COMMAND } from '../../support/cliFolder.ts';
import { PtyCommand } from '../../support/ptyCommand.ts';
import { closedGate } from '../../testing/gate.ts';

// Each starts a process, and waits for what a person would see.
vi.setConfig({ testTimeout: 60_000 });

const refund = defineTool({
  name: 'refund',
  description: 'Pays money back',
  input: z.object({ amount: z.number().max(50) }),
  output: z.object({ paid: z.number() }),
  needsApproval: true,
  execute: ({ amount }) => ({ paid: amount }),
});
const pickColor = defineTool({
  name: 'pick_color',
  description: 'Lets the person pick one',
  input: z.object({ question: z.string() }),
  output: z.object({ color: z.enum(['red', 'blue']) }),
});

async function serverOf(steps: readonly ScriptedStep[], tools: Parameters<typeof defineAgent>[0]['tools'] = []): Promise<TestServer> {
  const agents = {
    support: defineAgent({ description: 'Helps customers', model: offline(), tools }),
    writer: defineAgent({ description: 'Writes', model: offline() }),
  };
  return createTestServer({ agents, models: { support: scriptedModel(steps) } });
}

interface Screen {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

function open(folder: CliFolder, url: string, args: readonly string[] = [], { env, ...size }: Screen = {}): PtyCommand {
  const own = { XDG_STATE_HOME: join(folder.path, 'state'), TERM: 'xterm-256color', ...env };
  return new PtyCommand(process.execPath, [VERBATIM_COMMAND, 'chat', '--url', url, ...args], { cwd: folder.path, env: own, ...size });
}

/** An editor that writes these texts, one after the other. */
function editorOf(folder: CliFolder, ...texts: readonly string[]): string {
  for (const [at, text] of texts.entries()) folder.write(`edited-${at}`, text);
  const file = folder.write(
    'editor.sh',
    `#!/bin/sh\nn=$(cat "${folder.path}/turn" 2>/dev/null || echo 0)\ncp "$1" "${folder.path}/offered-$n"\ncat "${folder.path}/edited-$n" > "$1"\necho $((n+1)) > "${folder.path}/turn"\n`,
  );
  chmodSync(file, 0o700);
  return file;
}

const READY = /message to support/;

describe('an answer', () => {
  test('is Markdown while it streams: what is over stands, what is being said goes on under it', async () => {
    const [gate, end] = [closedGate(), closedGate()];
    await using server = await serverOf([
      {
        chunks: [
          '# Title\n\nSome **bold** text.\n\n- one\n',
          '- two\n\n```ts\nconst answer = 42;\n',
          '```\n\n| a | b |\n|---|--:|\n| 東京 | 1 |\n\nThe end.',
        ],
        until: gate.opened,
      },
      { text: 'More', until: end.opened },
    ]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Hello\r');
    await chat.shows(
      /> Hello\n\nTitle\n\nSome bold text\.\n\n• one\n• two\n\n {2}const answer = 42;\n\na {4}│ {3}b\n─{5}┼─{4}\n東京 │ {3}1\n\nThe end\./,
    );
    await chat.shows(/> Ctrl-C stops the answer/);
    gate.open();
    await chat.shows(/The end\.\n\n> message to support$/);
    expect(chat.screen.isStyled).toBe(true);
    expect(chat.screen.faults).toEqual([]);
    end.open();
    // Each word of it is written once: nothing that stands is drawn again.
    expect(chat.raw.split('The end.')).toHaveLength(2);
    chat.type('More\r');
    await chat.shows(/> More\n\nMore\n\n> message/);
    chat.type('\u0004');
    expect(await chat.exited).toBe(0);
    expect(chat.screen.text).toMatch(/verbatim chat --thread thread_\w+/);
    expect(chat.screen.isCursorShown).toBe(true);
    expect(chat.screen.isPasteMarked).toBe(false);
  });

  test('of more lines than the terminal has is whole', async () => {
    const text = Array.from({ length: 60 }, (_, at) => `- item number ${at + 1}`).join('\n');
    await using server = await serverOf([{ text, chunks: 100 }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { columns: 40, rows: 12 });
    await chat.shows(READY);
    chat.type('List\r');
    await chat.shows(/item number 60\n\n> message/);
    expect(chat.screen.text.match(/item number \d+/g)).toEqual(Array.from({ length: 60 }, (_, at) => `item number ${at + 1}`));
  });

  test('never is wider than the terminal, with wide characters and long words too', async () => {
    const text = `${'東京都から発送されました'.repeat(4)} ${'x'.repeat(90)}\n\n| ${'long words here '.repeat(5)} | b |\n|---|---|\n| 1 | 👩‍👩‍👧 🇫🇷 |\n\n    ${'code '.repeat(20)}`;
    await using server = await serverOf([{ text, chunks: 10 }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { columns: 36 });
    await chat.shows(READY);
    chat.type('Wide\r');
    await chat.shows(/> Wide\n\n東[\s\S]*\n\n> message/);
    expect(chat.screen.widest).toBeLessThan(36);
    expect(chat.screen.text.match(/x+/g)?.join('')).toContain('x'.repeat(90));
  });

  test('cannot control the terminal, by whatever text it comes', async () => {
    const evil = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202Egnp.exe \u001b]8;;file:///etc/passwd\u001b\\x';
    const leak = defineTool({
      name: 'leak',
      description: 'Says bad things',
      input: z.object({ text: z.string() }),
      output: z.string(),
      execute: ({ text }) => {
        if (text === 'throw') throw new Error(evil);
        return evil;
      },
    });
    await using server = await serverOf(
      [
        {
          reasoning: evil,
          text: `# ${evil}\n\n\`${evil}\` [${evil}](https://example.com/${evil})\n\n\`\`\`js\n"${evil}"\n\`\`\`\n&#27;[2J&#x9b;31m`,
          toolCalls: [
            { name: 'leak', input: { text: evil } },
            { name: 'leak', input: { text: 'throw' } },
          ],
        },
        { text: 'Over', error: { message: evil } },
      ],
      [leak],
    );
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { env: { FORCE_HYPERLINK: '1' } });
    await chat.shows(READY);
    chat.paste(`Evil ${evil}`);
    chat.type('\r');
    await chat.shows(/MODEL_FAILED[\s\S]*> message/);
    expect(chat.screen.text).toContain('␛[2J');
    expect(chat.screen.text).toContain('\\u202e');
    expect(chat.screen.faults).toEqual([]);
    for (const link of chat.screen.links) expect(link).toMatch(/^https:\/\/example\.com\/[\x21-\x7e]*$/);
  });

  test('has links that lead somewhere where the terminal follows them, and their addresses in brackets elsewhere', async () => {
    const text = 'See [the page](https://example.com/a) or [https://bank.com](https://evil.example/b) and [bad](javascript:alert)';
    for (const [follows, shown] of [
      ['1', /See the page or https:\/\/bank\.com \(https:\/\/evil\.example\/b\) and bad \(javascript:alert\)/],
      ['0', /See the page \(https:\/\/example\.com\/a\) or https:\/\/bank\.com \(https:\/\/evil/],
    ] as const) {
      await using server = await serverOf([{ text }]);
      await using folder = new CliFolder();
      await using chat = open(folder, server.url, [], { columns: 160, env: { FORCE_HYPERLINK: follows } });
      await chat.shows(READY);
      chat.type('Links\r');
      await chat.shows(shown);
      expect(chat.screen.links).toEqual(follows === '1' ? ['https://example.com/a', 'https://evil.example/b'] : []);
    }
  });

  test('has no styles with NO_COLOR: the marks of Markdown say what they would', async () => {
    await using server = await serverOf([{ text: '# Title\n\nSome **bold** and `code`' }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { env: { NO_COLOR: '1' } });
    await chat.shows(READY);
    chat.type('Hi\r');
    await chat.shows(/# Title\n\nSome \*\*bold\*\* and `code`/);
    expect(chat.screen.isStyled).toBe(false);
  });
});

test('a tool has a line that moves while it works, and becomes its result with the time it took', async () => {
  const gate = closedGate();
  const lookup = defineTool({
    name: 'lookup_order',
    description: 'Finds an order',
    input: z.object({ orderId: z.string() }),
    output: z.object({ status: z.string() }),
    execute: async ({ orderId }) => {
      if (orderId === '7') throw new Error('No such order');
      await gate.opened;
      return { status: 'shipped' };
    },
  });
  const toolCalls = [
    { name: 'lookup_order', input: { orderId: '42' } },
    { name: 'lookup_order', input: { orderId: '7' } },
  ];
  await using server = await serverOf([{ text: 'I look.', toolCalls }, { text: 'Shipped.' }], [lookup]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url);
  await chat.shows(READY);
  chat.type('Where?\r');
  await chat.shows(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] lookup_order\(orderId: "42"\) {2}0\.[3-9] s/);
  await chat.shows(/✗ lookup_order\(orderId: "7"\) → No such order {2}0\.\d s/);
  gate.open();
  await chat.shows(/✓ lookup_order\(orderId: "42"\) → \{"status":"shipped"\} {2}\d+\.\d s\n\nShipped\./);
  await chat.showsNot(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
});

describe('an approval', () => {
  const ask = { text: 'I pay.', toolCalls: [{ name: 'refund', input: { amount: 30 } }] };

  test('is asked for with what the call would do; yes lets it through', async () => {
    await using server = await serverOf([ask, { text: 'Paid.' }], [refund]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(
      /\? refund asks for your approval[\s\S]*"amount": 30[\s\S]*Allow refund\? {2}y yes {2}n no {2}e edit {2}a always in this thread/,
    );
    chat.type('y');
    await chat.shows(/✓ refund\(amount: 30\) → \{"paid":30\}[\s\S]*Paid\.\n\n> message/);
  });

  test('is refused with a reason, which the model is told', async () => {
    let told = '';
    await using server = await serverOf(
      [
        ask,
        ({ messages }) => {
          told = JSON.stringify(messages);
          return { text: 'Not paid.' };
        },
      ],
      [refund],
    );
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    chat.type('n');
    await chat.shows(/why\?/);
    chat.type('far too much\r');
    await chat.shows(/✗ refund[\s\S]*Not paid\./);
    expect(told).toContain('far too much');
  });

  test('is not decided by Ctrl-D at the reason: it is asked again, and there Ctrl-D leaves', async () => {
    await using server = await serverOf([ask], [refund]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { columns: 24 });
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    chat.type('nmuch');
    await chat.shows(/why\? much\n[\s\S]*Ctrl-D\s+back$/);
    expect(chat.screen.widest).toBeLessThan(24);
    // Of a text it takes what is behind the cursor, as everywhere.
    chat.type('\u0004\u0015\u0004');
    await chat.shows(/Allow refund[^?]*\?[\s\S]*later$/);
    expect(chat.screen.text).not.toMatch(/why\?/);
    expect((await server.client().approvals.list({ status: 'pending' })).items).toHaveLength(1);
    chat.type('\u0004');
    expect(await chat.exited).toBe(0);
  });

  test('is edited in $EDITOR, and the server says what the schema does not take', async () => {
    await using server = await serverOf([ask, { text: 'Paid.' }], [refund]);
    await using folder = new CliFolder();
    const editor = editorOf(folder, '{"amount": 80}', '{"amount": ', '{"amount": 12}');
    await using chat = open(folder, server.url, [], { env: { EDITOR: editor, VISUAL: undefined } });
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    chat.type('e');
    await chat.shows(/✗ [^\n]*amount[\s\S]*BAD_INPUT[\s\S]*Allow refund/);
    chat.type('e');
    await chat.shows(/That is not JSON/);
    await chat.shows(/Allow refund[^\n]*$/);
    chat.type('e');
    await chat.shows(/✓ refund\(amount: 12\) → \{"paid":12\}[\s\S]*Paid\./);
    expect(JSON.parse(readFileSync(join(folder.path, 'offered-0'), 'utf8'))).toEqual({ amount: 30 });
    // What was refused is there to be mended.
    expect(readFileSync(join(folder.path, 'offered-1'), 'utf8')).toBe('{"amount": 80}');
  });

  test('of always is not asked again in the thread', async () => {
    await using server = await serverOf([ask, { text: 'Once.' }, ask, { text: 'Twice.' }], [refund]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    chat.type('a');
    await chat.shows(/Once\.\n\n> message/);
    chat.type('Again\r');
    await chat.shows(/Twice\.\n\n> message/);
  });

  test('that somebody else decides is not asked any more', async () => {
    await using server = await serverOf([ask, { text: 'Paid.' }], [refund]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    const client = server.client();
    const [asked] = (await client.approvals.list({ status: 'pending' })).items;
    await client.approvals.decide({ callId: asked?.callId ?? '', decision: 'approve' });
    await chat.shows(/refund approved by local[\s\S]*Paid\.\n\n> message/);
    expect(chat.screen.text).not.toMatch(/Allow refund/);
  });

  test('that is left for later is asked again by /approvals', async () => {
    await using server = await serverOf([ask, { text: 'Paid.' }], [refund]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Money\r');
    await chat.shows(/Allow refund/);
    chat.type('\u001b');
    await chat.shows(/left for later/);
    chat.type('/approvals\r');
    await chat.shows(/Allow refund/);
    chat.type('y');
    await chat.shows(/Paid\./);
  });
});

test('a call of the client is answered as JSON in $EDITOR', async () => {
  await using server = await serverOf(
    [{ text: 'Pick.', toolCalls: [{ name: 'pick_color', input: { question: 'Which?' } }] }, { text: 'Red it is.' }],
    [pickColor],
  );
  await using folder = new CliFolder();
  const editor = editorOf(folder, '// a note\n{"color": "green"}', '{"color": "red"}');
  await using chat = open(folder, server.url, [], { env: { EDITOR: editor, VISUAL: undefined } });
  await chat.shows(READY);
  chat.type('Color\r');
  await chat.shows(/pick_color is yours to carry out[\s\S]*Result of pick_color\?/);
  chat.type('e');
  await chat.shows(/✗ [^\n]*color[\s\S]*Result of pick_color\?/);
  chat.type('e');
  await chat.shows(/✓ pick_color\(question: "Which\?"\) → \{"color":"red"\}[\s\S]*Red it is\./);
  expect(readFileSync(join(folder.path, 'offered-0'), 'utf8')).toContain('//   "question": "Which?"');
});

describe('Ctrl-C', () => {
  test('stops the run, and a second one leaves', async () => {
    const never = closedGate();
    await using server = await serverOf([{ text: 'Begun', until: never.opened }, { text: 'Next' }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Go\r');
    await chat.shows(/Begun/);
    chat.type('\u0003');
    await chat.shows(/Begun\n■ stopped\n\n> message/);
    const client = server.client();
    expect((await client.trpc.runs.list.query({})).items.map(({ status }) => status)).toEqual(['cancelled']);
    chat.type('half a line\u0003');
    await chat.shows(/> message to support/);
    chat.type('Go on\r');
    await chat.shows(/Next\n\n> message/);
    chat.type('\u0003');
    await chat.shows(/Ctrl-C again leaves/);
    chat.type('\u0003');
    expect(await chat.exited).toBe(0);
  });

  test('twice leaves an answer that does not stop, with 130', async () => {
    const never = closedGate();
    const stubborn = defineTool({
      name: 'stubborn',
      description: 'Does not listen',
      input: z.object({}),
      output: z.object({}),
      execute: async () => {
        await never.opened;
        return {};
      },
    });
    await using server = await serverOf([{ text: 'Begun', toolCalls: [{ name: 'stubborn' }] }], [stubborn]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('Go\r');
    await chat.shows(/stubborn/);
    chat.type('\u0003\u0003');
    expect(await chat.exited).toBe(130);
    never.open();
  });
});

test('a lost connection is one line that changes, and nothing is lost', async () => {
  await using folder = new CliFolder();
  const env = { VERBATIM_OFFLINE_TPS: '60' };
  const { command, url } = await folder.serve([], env);
  await using chat = open(folder, url);
  await chat.shows(/message to assistant/);
  chat.type('count to 60\r');
  await chat.shows(/\b20\b/);
  command.kill('SIGKILL');
  await command.exited;
  // The reason is too long for the line, and what comes next is said all the same.
  await chat.shows(/~ The server cannot be reached: [^\n]*…; trying again/);
  expect(chat.screen.text.match(/^~ /gm)).toHaveLength(1);
  await folder.serve(['--port', new URL(url).port], env);
  await chat.shows(/~ connected again, and nothing was missed/);
  await chat.shows(/59 60\n\n> message|59 60\n\n~ connected/);
  expect(chat.screen.text.match(/^1 2 3 /gm)).toHaveLength(1);
  await chat.showsNot(/connected again/);
});

describe('what is typed during an answer', () => {
  test('waits in line, where it is seen, and is answered in its turn', async () => {
    const gate = closedGate();
    await using server = await serverOf([{ text: 'First answer.', until: gate.opened }, { text: 'Second answer.' }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('One\r');
    await chat.shows(/First answer\./);
    chat.type('Two\r');
    await chat.shows(/… queued: Two/);
    gate.open();
    await chat.shows(/> One\n\nFirst answer\.\n\n> Two\n\nSecond answer\.\n\n> message/);
    expect(chat.screen.text).not.toMatch(/queued/);
  });

  test('joins the answer with /steer', async () => {
    const gate = closedGate();
    const wait = defineTool({
      name: 'wait',
      description: 'Waits',
      input: z.object({}),
      output: z.object({}),
      execute: async () => {
        await gate.opened;
        return {};
      },
    });
    await using server = await serverOf([{ text: 'I look.', toolCalls: [{ name: 'wait' }] }, { text: 'In French.' }], [wait]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('One\r');
    await chat.shows(/wait\(\)/);
    chat.type('/steer in French, please\r');
    await chat.shows(/↪ joins in: in French, please/);
    gate.open();
    await chat.shows(/✓ wait[\s\S]*> in French, please\n\nIn French\./);
  });
});

describe('commands', () => {
  test('list, open, fork, retry, count and explain; what is misspelt gets a suggestion', async () => {
    await using server = await serverOf([
      { text: 'First answer.', usage: null },
      { text: 'Again answered.', usage: null },
      { text: 'In the copy.' },
    ]);
    const client = server.client();
    const other = await client.threads.create({
      title: 'Lamps',
      messages: [
        { role: 'user', text: 'A lamp' },
        { role: 'assistant', text: 'The **best** one' },
      ],
    });
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { rows: 60 });
    await chat.shows(READY);
    chat.type('One\r');
    await chat.shows(/First answer\.\n\n> message/);
    chat.type('/retry\r');
    await chat.shows(/Again answered\.\n\n> message/);
    chat.type('/usage\r');
    await chat.shows(/conversation {2}[\d,]+ tokens in · [\d,]+ out \(estimated\) in 2 answers/);
    chat.type('/fork\r');
    await chat.shows(/You are in a copy now/);
    chat.type('Two\r');
    await chat.shows(/In the copy\.\n\n> message/);
    expect((await client.threads.list()).items).toHaveLength(3);
    chat.type('/threads lam\r');
    await chat.shows(/ 1 +now {3}Lamps/);
    chat.type('/open 1\r');
    await chat.shows(/> A lamp\n\nThe best one/);
    chat.type('/agent writer\r');
    await chat.shows(/You talk to writer now[\s\S]*message to writer/);
    chat.type('/hepl\r');
    await chat.shows(/Did you mean \/help\?/);
    chat.type('/help\r');
    await chat.shows(/\/steer <text>[\s\S]*\/usage/);
    chat.type('/stop\r');
    await chat.shows(/nothing to stop/);
    chat.type('/quit\r');
    expect(await chat.exited).toBe(0);
    expect(chat.screen.text).toContain(`--thread ${other.id}`);
  });

  test('a copy is retried in the copy', async () => {
    await using server = await serverOf([{ text: 'First answer.' }, { text: 'Again answered.' }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('One\r');
    await chat.shows(/First answer\.\n\n> message/);
    chat.type('/fork\r');
    await chat.shows(/You are in a copy now/);
    chat.type('/retry\r');
    await chat.shows(/asked again[\s\S]*Again answered\.\n\n> message/);
  });

  test('are completed by Tab, agents too', async () => {
    await using server = await serverOf([]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('/st\t');
    await chat.shows(/> \/st\n\/steer {3}\/stop/);
    chat.type('o\t\r');
    await chat.shows(/nothing to stop/);
    chat.type('/ag\twr\t\r');
    await chat.shows(/You talk to writer now/);
  });
});

describe('what was sent', () => {
  test('comes back by the arrow keys, in the next chat too, from a file that nobody else can read', async () => {
    await using server = await serverOf([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
    await using folder = new CliFolder();
    {
      await using chat = open(folder, server.url);
      await chat.shows(READY);
      chat.type('first message\r');
      await chat.shows(/\na\n\n> message/);
      chat.type('second message\r');
      await chat.shows(/\nb\n\n> message/);
      chat.type('\u0004');
      await chat.exited;
    }
    const file = join(folder.path, 'state', 'verbatim', 'chat_history');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await using chat = open(folder, server.url);
    await chat.shows(READY);
    chat.type('\u001b[A\u001b[A');
    await chat.shows(/> first message$/);
    chat.type('\u001b[B');
    await chat.shows(/> second message$/);
    chat.type(' more\u001b[D\u001b[D\u001b[D\u001b[D\u007f, \r');
    await chat.shows(/> second message, more\n\nc/);
  });

  test('is kept nowhere with VERBATIM_HISTORY=off', async () => {
    await using server = await serverOf([{ text: 'a' }]);
    await using folder = new CliFolder();
    await using chat = open(folder, server.url, [], { env: { VERBATIM_HISTORY: 'off' } });
    await chat.shows(READY);
    chat.type('secret\r');
    await chat.shows(/\na\n\n> message/);
    chat.type('\u0004');
    await chat.exited;
    expect(existsSync(join(folder.path, 'state'))).toBe(false);
  });
});

test('what is pasted is one message, of many lines', async () => {
  let got = '';
  await using server = await serverOf([
    ({ messages }) => {
      const last = messages.at(-1);
      got = last?.role === 'user' ? last.text : '';
      return { text: 'Read.' };
    },
  ]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url);
  await chat.shows(READY);
  chat.paste('function f() {\n\treturn 1;\n}\n\nwhat is this');
  await chat.shows(/> function f\(\) \{\n {6}return 1;\n {2}\}\n\n {2}what is this$/);
  chat.type('?\r');
  await chat.shows(/Read\./);
  expect(got).toBe('function f() {\n\treturn 1;\n}\n\nwhat is this?');
});

test('a paste without its end can be left by Ctrl-C', async () => {
  await using server = await serverOf([]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url);
  await chat.shows(READY);
  chat.type('\u001b[200~never ended');
  let code: number | undefined;
  chat.exited.then((exitCode) => {
    code = exitCode;
  });
  await vi.waitFor(
    () => {
      if (code === undefined) chat.type('\u0003');
      expect(code).toBe(0);
    },
    { timeout: 10_000, interval: 100 },
  );
});

test('--json at a terminal writes no character that it would obey', async () => {
  await using server = await serverOf([{ text: 'a\u009b31mred\u202eb' }]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url, ['--json']);
  await chat.shows(/Ctrl-D ends/);
  chat.type('Hi\r');
  await chat.shows(/run\.completed/);
  expect(chat.raw.replace(/\s/g, '')).toContain('a\\u009b31mred\\u202eb');
  expect(chat.raw).not.toMatch(/[\u009b\u202e]/);
});

test('what others say in the thread is seen', async () => {
  await using server = await serverOf([{ text: 'One.' }, { text: 'Two.' }]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url);
  await chat.shows(READY);
  chat.type('Mine\r');
  await chat.shows(/One\./);
  const client = server.client();
  const [thread] = (await client.threads.list()).items;
  await client.send({ agent: 'support', text: 'From elsewhere', threadId: thread?.id ?? '' });
  await chat.shows(/> From elsewhere\n\nTwo\.\n\n> message/);
});

test('a thread is gone on with where it stands, with an answer that is under way', async () => {
  const gate = closedGate();
  await using server = await serverOf([{ text: 'Some **words** are said', until: gate.opened }]);
  const run = await server.client().send({ agent: 'support', text: 'Begin' });
  await using folder = new CliFolder();
  await using chat = open(folder, server.url, ['--thread', run.threadId]);
  await chat.shows(/> Begin\n\nSome words are said/);
  gate.open();
  await chat.shows(/Some words are said\n\n> message/);
});

test('a dumb terminal gets plain lines', async () => {
  await using server = await serverOf([{ text: '# Title\u001b[2J' }]);
  await using folder = new CliFolder();
  await using chat = open(folder, server.url, [], { env: { TERM: 'dumb' } });
  await chat.shows(/Ctrl-D ends/);
  chat.type('Hi\r');
  await chat.shows(/# Title␛\[2J/);
  expect(chat.raw).not.toContain('\u001b');
});
