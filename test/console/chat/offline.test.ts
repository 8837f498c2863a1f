import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator } from 'playwright-core';
import { expect, test, vi } from 'vitest';
import { afterTest } from '../../support/afterTest.ts';
import { expectBuilt } from '../../support/builtDist.ts';
import { SpawnedCommand } from '../../support/spawnedCommand.ts';
import { expectFit } from '../openAccounts.ts';
import { hasChromium, openConsole } from '../openConsole.ts';
import { conversation, said, sendMessage, textOf } from './chatPage.ts';

const VERBATIM = fileURLToPath(new URL('../../../dist/cli/verbatim.js', import.meta.url));

/** Nothing lies over it, at either end. */
const isSeen = (part: Locator): Promise<boolean> =>
  part.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return [left + 2, right - 2].every((x) => element.contains(document.elementFromPoint(x, (top + bottom) / 2)));
  });

test.skipIf(!hasChromium)(
  'a server that goes away in mid-answer: said where it covers and moves nothing, and what is not known is not told',
  { timeout: 60_000 },
  async () => {
    expectBuilt();
    const directory = mkdtempSync(join(tmpdir(), 'verbatim-offline-'));
    afterTest(() => rmSync(directory, { recursive: true, force: true }));
    const args = [VERBATIM, 'serve', '--host', '127.0.0.1', '--port', '0', '--db', 'chat.db'];
    const env = { VERBATIM_OFFLINE_TPS: '20', OPENAI_API_KEY: undefined };
    const server = new SpawnedCommand(process.execPath, args, { cwd: directory, env, timeoutMs: 60_000 });
    afterTest(() => server[Symbol.asyncDispose]());
    const url = await vi.waitFor(() => /http:\S+:\d+/.exec(server.stdout)?.[0] ?? Promise.reject(new Error(server.stderr)), {
      timeout: 40_000,
    });
    const { page } = await openConsole(url, '/', { viewport: { width: 1280, height: 800 } });
    await sendMessage(page, 'Please count to 500');
    await said(page, /\b20\b/).waitFor();
    const before = await conversation(page).boundingBox();
    await page.getByRole('log').getByText('is answering.').waitFor({ state: 'attached' });

    server.kill('SIGKILL');
    await server.exited;
    await page.getByText('What is written goes out when the connection is back.').waitFor();
    expect(await conversation(page).boundingBox()).toEqual(before);
    for (const part of [page.getByRole('heading', { level: 1 }), page.getByRole('link', { name: 'New thread' })]) {
      expect(await isSeen(part)).toBe(true);
    }
    await said(page, 'Offline: not known whether it goes on').waitFor();
    expect(await textOf(page)).not.toContain('Working');
    expect(await page.getByRole('log').getByText('is answering.').count()).toBe(0);
    await expectFit(page);
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByText(/^Offline\.|^Connecting/).waitFor();
    for (const part of [page.getByRole('link', { name: 'Verbatim' }), page.getByRole('button', { name: 'Menu' })]) {
      expect(await isSeen(part)).toBe(true);
    }
  },
);
