import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../src/agents/defineAgent.ts';
import { defineTool } from '../../src/agents/defineTool.ts';
import { scriptedModel } from '../../src/testing/scriptedModel.ts';
import { expectBuilt } from '../support/builtDist.ts';
import { expectFit } from './openAccounts.ts';
import { hasChromium } from './openConsole.ts';
import { openAs, openServer } from './runScene.ts';

const ANN = { id: 'ann', roles: ['admin', 'user'] };
const EVENTS = 5_000;
const ATTACK = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';

const count = defineTool({
  name: 'count',
  description: 'counts',
  input: z.object({ to: z.number() }),
  output: z.number(),
  execute: ({ to }) => to,
});

/** Half of its events are tools, which are rows of the waterfall, too. */
const counter = defineAgent({
  description: '',
  tools: [count],
  data: { counted: z.number() },
  run: async function* () {
    for (let at = 0; at < EVENTS / 4; at++) {
      yield { type: 'tool.called', callId: `call-${at}`, tool: 'count', input: { to: at } };
      yield { type: 'tool.completed', callId: `call-${at}`, output: at };
      yield { type: 'data', name: 'counted', data: at };
      yield { type: 'data', name: 'counted', data: -at };
    }
  },
});

const tell = defineTool({
  name: 'tell',
  description: ATTACK,
  input: z.object({ what: z.string() }),
  output: z.object({ html: z.string() }),
  execute: ({ what }) => {
    if (what === 'fail') throw new Error(ATTACK);
    return { html: ATTACK };
  },
});

describe.skipIf(!hasChromium)('the run inspector', { timeout: 60_000 }, () => {
  beforeAll(expectBuilt);

  test('scrolls smoothly through 5,000 events, with few of them in the document', async () => {
    const server = await openServer({ agents: { counter } });
    const run = await server.as(ANN).client().send({ agent: 'counter', text: 'Count' });
    expect(await run.result()).toMatchObject({ status: 'completed' });
    const page = await openAs(server, `/runs/${run.id}`, ANN);
    await page.getByText(/^5,?0\d\d events$/).waitFor();
    const list = page.getByRole('list', { name: 'Events' });
    // A frame after each move, as somebody sees it who scrolls.
    const frames = await list.evaluate(async (body) => {
      const scroller = body.parentElement;
      const times: number[] = [];
      if (scroller === null) return times;
      scroller.scrollTop = 0;
      for (let move = 0; move < 120; move++) {
        const before = performance.now();
        scroller.scrollTop += 400;
        await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        times.push((performance.now() - before) / 2);
      }
      return times.sort((left, right) => left - right);
    });
    // Two cores are shared by all tests: the median tells of the page, the longest of the machine.
    expect(frames[Math.floor(frames.length / 2)]).toBeLessThan(34);
    expect(await list.getByRole('listitem').count()).toBeLessThan(80);
    await page.getByLabel('Search in the events').fill('"data":-1234');
    await page.getByText(/^1 of 5/).waitFor();
    const tree = page.getByRole('tree');
    await tree.getByRole('treeitem').first().press('End');
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toMatch(/count/);
    expect(await tree.getByRole('treeitem').count()).toBeLessThan(60);
  });

  test('shows what tools, models and errors say as the text that it is', async () => {
    const server = await openServer({
      agents: {
        [ATTACK.slice(0, 40)]: defineAgent({
          description: '',
          instructions: ATTACK,
          model: scriptedModel([
            {
              reasoning: ATTACK,
              text: ATTACK,
              toolCalls: [
                { name: 'tell', input: { what: ATTACK } },
                { name: 'tell', input: { what: 'fail' } },
                { name: 'tell', arguments: ATTACK },
              ],
            },
            { text: ATTACK, error: ATTACK },
          ]),
          tools: [tell],
        }),
      },
    });
    const run = await server
      .as(ANN)
      .client()
      .send({ agent: ATTACK.slice(0, 40), text: ATTACK });
    await run.result();
    const page = await openAs(server, `/runs/${run.id}`, ANN);
    await page
      .getByRole('treeitem', { name: /Tool tell/ })
      .first()
      .waitFor();
    const rows = await page.getByRole('treeitem').count();
    for (let row = 0; row < rows; row++) {
      await page.getByRole('treeitem').nth(row).click();
      await page.getByRole('heading', { level: 2 }).waitFor();
    }
    await page
      .getByRole('treeitem', { name: /Model call/ })
      .first()
      .click();
    await page.getByText('Instructions', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'What was said' }).click();
    await page.getByRole('list', { name: 'What was said' }).getByText(ATTACK).first().waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    for (const type of ['tool.called', 'tool.completed', 'message.received']) {
      await page.getByRole('button', { name: type }).first().click();
    }
    expect(await page.evaluate(() => ('hacked' in globalThis ? 1 : document.querySelectorAll('main img, main script').length))).toBe(0);
    await expectFit(page);
  });
});
