import { expect, test } from 'vitest';
import { LiveRegion } from '../../../src/cli/terminal/liveRegion.ts';
import { seededRandom } from '../../faults/seededRandom.ts';
import { TerminalScreen } from '../../support/terminalScreen.ts';

function terminal(rows = 8) {
  const screen = new TerminalScreen(30, rows);
  const written: string[] = [];
  const region = new LiveRegion({
    write(data: string) {
      written.push(data);
      screen.write(data);
      return true;
    },
    columns: 30,
    rows,
  });
  return { screen, region, written };
}

test('any frames leave what is final above and what is live under it', () => {
  const random = seededRandom(7);
  const below = (n: number): number => Math.floor(random() * n);
  for (let round = 0; round < 200; round++) {
    const { screen, region } = terminal();
    const final: string[] = [];
    for (let frame = 0; frame < 12; frame++) {
      const lines = (most: number) => Array.from({ length: below(most) }, () => ['', 'a', 'b', '東京'][below(4)] ?? '');
      const finished = lines(12);
      const live = [...lines(6), 'prompt'];
      const row = below(live.length);
      region.draw({ finished, live, cursor: { row, column: 2 } });
      final.push(...finished);
      expect(screen.text.trimEnd()).toBe([...final, ...live].join('\n'));
      expect(screen.faults).toEqual([]);
    }
  }
});

test('a line that stands is not written again, also when it becomes final', () => {
  const { region, written } = terminal();
  region.draw({ finished: [], live: ['one', 'two', '> '], cursor: { row: 2, column: 2 } });
  written.length = 0;
  region.draw({ finished: ['one'], live: ['two', 'three', '> '], cursor: { row: 2, column: 2 } });
  expect(written.join('')).not.toMatch(/one|two/);
  expect(written.join('')).toContain('three');
  written.length = 0;
  region.draw({ finished: [], live: ['two', 'three', '> '], cursor: { row: 2, column: 2 } });
  expect(written).toEqual([]);
});
