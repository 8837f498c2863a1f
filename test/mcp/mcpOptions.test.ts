import { expect, test } from 'vitest';
import { mcpTools } from '../../src/mcp/index.ts';
import { checkLeaks } from '../support/leakCheck.ts';
import { httpSample } from './httpSample.ts';
import { SAMPLE_TOOLS } from './sampleServer.ts';

checkLeaks();

test.each<[options: object, message: string]>([
  [{}, 'needs the `url` of a server, or a `command`'],
  [{ url: undefined }, 'needs the `url` of a server, or a `command`'],
  [{ url: 'http://127.0.0.1:9/', includes: [] }, 'mcpTools has no option "includes". Did you mean "include"?'],
  [{ command: 'node', arguments_: [] }, 'mcpTools has no option "arguments_". There are: name, url, '],
])('options %j are a TypeError: %s', async (options, message) => {
  const bringing = mcpTools({ name: 'sample', ...options } as never);
  await expect(bringing).rejects.toThrow(TypeError);
  await expect(bringing).rejects.toThrow(message);
});

test('a tool that is not there is answered with all that are, whatever is included', async () => {
  await using sample = await httpSample();
  const has = `sample has no tool "ecko". It has: ${SAMPLE_TOOLS.map(({ name }) => name).join(', ')}.`;
  await expect(mcpTools({ name: 'sample', url: sample.url, include: ['ecko'] })).rejects.toThrow(has);
  await expect(mcpTools({ name: 'sample', url: sample.url, include: ['echo'], tools: { ecko: {} } })).rejects.toThrow(has);
  const leftOut = mcpTools({ name: 'sample', url: sample.url, include: ['echo'], tools: { add: {} } });
  await expect(leftOut).rejects.toThrow('`tools` names "add" of sample, which `include` leaves out.');
});
