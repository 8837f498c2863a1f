import { describe, expect, test } from 'vitest';
import { createServer, defineAgent, type ServerOptions } from '../../src/index.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { checkLeaksAfterwards } from '../support/afterTest.ts';

checkLeaksAfterwards();

const bot = defineAgent({ description: '', model: scriptedModel([{ text: 'Hi.' }]), instructions: '' });

const REFUSED: Record<string, Partial<ServerOptions>> = {
  origins: { origins: ['not an origin'] },
  tls: { tls: { cert: 'nowhere.pem', key: 'nowhere.pem' } },
  page: { page: 'nowhere' },
  onStart: {
    onStart: () => {
      throw new Error('not today');
    },
  },
};

describe('a server that is refused leaves nothing behind', () => {
  test.each(Object.entries(REFUSED))('for its %s', async (_, options) => {
    await expect(createServer({ agents: { bot }, ...options })).rejects.toThrow();
  });
});
