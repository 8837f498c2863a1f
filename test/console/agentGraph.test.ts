import { describe, expect, test } from 'vitest';
import { layoutGraph, NODE } from '../../console/src/pages/agents/graphLayout.ts';
import { readSchema } from '../../console/src/pages/agents/schemaNode.ts';

const edge = (from: string, to: string, kind = 'handoff') => ({ from, to, kind });

function layout(names: string, ...edges: ReturnType<typeof edge>[]) {
  const graph = layoutGraph(names.split(' '), edges);
  return { ...graph, at: (name: string) => graph.nodes.find((node) => node.name === name) ?? { x: Number.NaN, y: Number.NaN } };
}

describe('the graph of agents', () => {
  test('lines go to the right, past other nodes in lanes of their own', () => {
    const { at, lines } = layout('a b c', edge('a', 'b'), edge('b', 'c'), edge('a', 'c'));
    expect(at('a').x).toBeLessThan(at('b').x);
    expect(at('b').x).toBeLessThan(at('c').x);
    const past = lines.find(({ edge: { from, to } }) => from === 'a' && to === 'c')?.points ?? [];
    expect(past).toHaveLength(4);
    // Beside b, not through it.
    const lane = past.find(({ x }) => x === at('b').x)?.y ?? Number.NaN;
    expect(lane < at('b').y || lane > at('b').y + NODE.height).toBe(true);
  });

  test('a circle is drawn, with its way back to the left', () => {
    const { at, lines } = layout('a b c', edge('a', 'b'), edge('b', 'c'), edge('c', 'a'));
    const back = lines.find(({ edge: { from } }) => from === 'c')?.points ?? [];
    expect(back[0]?.x).toBe(at('c').x);
    expect(back.at(-1)?.x).toBe(at('a').x + NODE.width);
  });

  test('two lines between the same nodes end apart', () => {
    const { lines } = layout('a b', edge('a', 'b'), edge('a', 'b', 'asks'), edge('b', 'a'));
    expect(new Set(lines.flatMap(({ points }) => points.map(({ x, y }) => `${x} ${y}`))).size).toBe(6);
  });

  test('one that hands over to itself is drawn without a line', () => {
    const { nodes, lines } = layout('a', edge('a', 'a'));
    expect({ nodes: nodes.length, lines }).toEqual({ nodes: 1, lines: [] });
  });

  test('many agents with circles have places of their own, inside of the picture', () => {
    const names = Array.from({ length: 120 }, (_, index) => `agent-${index}`);
    const edges = names.flatMap((from, index) => [1, 7, 31].map((step) => edge(from, names[(index * step + step) % names.length] ?? from)));
    const { nodes, width, height } = layoutGraph(names, edges);
    expect(nodes).toHaveLength(120);
    for (const [index, { x, y }] of nodes.entries()) {
      expect(x >= 0 && x + NODE.width <= width && y >= 0 && y + NODE.height <= height).toBe(true);
      const over = nodes.slice(index + 1).filter((other) => Math.abs(other.x - x) < NODE.width && Math.abs(other.y - y) < NODE.height);
      expect(over).toEqual([]);
    }
  });
});

describe('a schema in words', () => {
  const root = {
    $defs: {
      node: { type: 'object', properties: { next: { $ref: '#/$defs/node' }, name: { type: 'string', minLength: 2 } }, required: ['name'] },
    },
  };

  test('follows references, and stops where one leads back', () => {
    const { type, fields } = readSchema({ $ref: '#/$defs/node', description: 'The first' }, root);
    expect(type).toBe('object');
    expect(fields.map(({ name, isRequired }) => [name, isRequired])).toEqual([
      ['next', false],
      ['name', true],
    ]);
    expect(readSchema({ type: 'array', items: { $ref: '#/$defs/node' } }, root)).toMatchObject({
      type: 'list of node',
      fields: { length: 2 },
    });
    const same = { type: 'array', items: { $ref: '#' } };
    expect(readSchema(same, same).type).toBe('list of the same again');
  });

  test.each([
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string or null'],
    [{ type: ['string', 'null'] }, 'string or null'],
    [{ enum: ['a', 1] }, '"a" or 1'],
    [{ const: false }, 'false'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, 'names with number'],
    [{}, 'anything'],
    [true, 'anything'],
    [false, 'nothing'],
    [{ $ref: '#/$defs/gone' }, 'gone'],
    [{ $ref: 'https://example.com/x' }, 'x'],
  ])('%j is %s', (schema, type) => {
    expect(readSchema(schema, root).type).toBe(type);
  });

  test('an item that is a list of itself does not go on without end', () => {
    const self = { type: 'array', items: { $ref: '#' } };
    expect(readSchema(self, self).fields).toEqual([]);
  });
});
