/** Sizes in pixels. */
export const NODE = { width: 168, height: 44 } as const;
const GAP = { x: 72, y: 20 } as const;
/** Of a line that goes past other nodes. */
const LANE_HEIGHT = 12;
const MARGIN = 12;
const SWEEPS = 6;

interface Edge {
  readonly from: string;
  readonly to: string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout<E extends Edge> {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly { readonly name: string; readonly x: number; readonly y: number }[];
  /** From the side of one node to the side of another, by way of the lanes between the nodes. */
  readonly lines: readonly { readonly edge: E; readonly points: readonly Point[] }[];
}

/** A node, or the place where a line crosses a layer. */
interface Cell {
  readonly name: string | undefined;
  readonly layer: number;
  y: number;
}

/**
 * Nodes in layers from left to right, so that lines go to the right but for those that close a circle. Those that go past a layer have a lane
 * there, and the nodes of a layer are in an order in which few lines cross.
 */
export function layoutGraph<E extends Edge>(names: readonly string[], edges: readonly E[]): GraphLayout<E> {
  const layerOf = layersOf(names, edges);
  const cells = new Map(names.map((name) => [name, { name, layer: layerOf.get(name) ?? 0, y: 0 } as Cell]));
  const layers: Cell[][] = [];
  const place = (cell: Cell): Cell => {
    const layer = layers[cell.layer] ?? [];
    layers[cell.layer] = layer;
    layer.push(cell);
    return cell;
  };
  for (const cell of cells.values()) place(cell);

  // Each line by its cells from left to right, whichever way it goes. One from a node to itself has no place to go.
  const chains = edges.flatMap((edge) => {
    const [from, to] = [cells.get(edge.from), cells.get(edge.to)];
    if (from === undefined || to === undefined || from === to) return [];
    const isBack = from.layer > to.layer;
    const [left, right] = isBack ? [to, from] : [from, to];
    const lanes = Array.from({ length: right.layer - left.layer - 1 }, (_, index) =>
      place({ name: undefined, layer: left.layer + index + 1, y: 0 }),
    );
    return [{ edge, isBack, cells: [left, ...lanes, right] }];
  });

  const links = chains.flatMap(({ cells: chain }) => chain.slice(1).map((cell, index) => ({ left: chain[index] ?? cell, right: cell })));
  orderLayers(layers, links);
  const height = Math.max(0, ...layers.map(heightOf));
  for (const layer of layers) {
    let y = MARGIN + (height - heightOf(layer)) / 2;
    for (const cell of layer) {
      cell.y = y + sizeOf(cell) / 2;
      y += sizeOf(cell) + GAP.y;
    }
  }

  const portOf = portsOf(links);
  const lines = chains.map(({ edge, isBack, cells: chain }) => {
    const points = chain.slice(1).flatMap((cell, index): Point[] => {
      const before = chain[index] ?? cell;
      return [
        { x: xOf(before) + NODE.width, y: portOf(before, 'right', cell) },
        { x: xOf(cell), y: portOf(cell, 'left', before) },
      ];
    });
    return { edge, points: isBack ? points.reverse() : points };
  });
  return {
    width: layers.length * (NODE.width + GAP.x) - GAP.x + 2 * MARGIN,
    height: height + 2 * MARGIN,
    nodes: [...cells.values()].map((cell) => ({ name: cell.name ?? '', x: xOf(cell), y: cell.y - NODE.height / 2 })),
    lines,
  };
}

/** The length of the longest way to each, without the edges that close a circle. */
function layersOf(names: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const next = new Map(names.map((name) => [name, [] as string[]]));
  for (const { from, to } of edges) if (from !== to && next.has(to)) next.get(from)?.push(to);
  const state = new Map<string, 'open' | 'done'>();
  const order: string[] = [];
  const forward = new Map<string, string[]>();
  const visit = (name: string): void => {
    state.set(name, 'open');
    // What leads back to a node that is still open closes a circle.
    const ahead = (next.get(name) ?? []).filter((to) => {
      if (state.get(to) === undefined) visit(to);
      return state.get(to) === 'done';
    });
    forward.set(name, ahead);
    state.set(name, 'done');
    order.push(name);
  };
  const entered = new Set(edges.filter(({ from, to }) => from !== to).map(({ to }) => to));
  // Those that nothing leads to are the beginnings.
  for (const name of [...names.filter((one) => !entered.has(one)), ...names]) if (!state.has(name)) visit(name);

  const layers = new Map<string, number>();
  for (const name of order.reverse()) {
    const layer = layers.get(name) ?? 0;
    layers.set(name, layer);
    for (const to of forward.get(name) ?? []) layers.set(to, Math.max(layers.get(to) ?? 0, layer + 1));
  }
  return layers;
}

interface LinkOfCells {
  readonly left: Cell;
  readonly right: Cell;
}

/** Puts each cell near the middle of those that it is linked to, from the left and from the right in turns. */
function orderLayers(layers: readonly Cell[][], links: readonly LinkOfCells[]): void {
  const before = new Map<Cell, Cell[]>();
  const after = new Map<Cell, Cell[]>();
  const add = (to: Map<Cell, Cell[]>, key: Cell, cell: Cell): void => {
    const cells = to.get(key);
    if (cells === undefined) to.set(key, [cell]);
    else cells.push(cell);
  };
  for (const { left, right } of links) {
    add(before, right, left);
    add(after, left, right);
  }
  for (const layer of layers) spread(layer);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const [beside, inOrder] = sweep % 2 === 0 ? [before, layers] : [after, layers.toReversed()];
    for (const layer of inOrder) {
      const middles = new Map(layer.map((cell) => [cell, middleOf(cell, beside.get(cell) ?? [])]));
      layer.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
      spread(layer);
    }
  }
}

function middleOf(cell: Cell, beside: readonly Cell[]): number {
  return beside.length === 0 ? cell.y : beside.reduce((sum, { y }) => sum + y, 0) / beside.length;
}

/** Where lines end at the sides of a node: apart, in the order of where they come from. */
function portsOf(links: readonly LinkOfCells[]): (cell: Cell, side: 'left' | 'right', other: Cell) => number {
  const ends = new Map<Cell, Record<'left' | 'right', Cell[]>>();
  const endsOf = (cell: Cell): Record<'left' | 'right', Cell[]> => {
    const of = ends.get(cell) ?? { left: [], right: [] };
    ends.set(cell, of);
    return of;
  };
  for (const { left, right } of links) {
    endsOf(left).right.push(right);
    endsOf(right).left.push(left);
  }
  for (const { left, right } of ends.values()) for (const side of [left, right]) side.sort((a, b) => a.y - b.y);
  const given = new Map<Cell[], Map<Cell, number>>();
  return (cell, side, other) => {
    const of = endsOf(cell)[side];
    // Two lines between the same nodes have an end each.
    const taken = given.get(of) ?? new Map<Cell, number>();
    given.set(of, taken);
    const place = of.indexOf(other, taken.get(other) ?? 0);
    taken.set(other, place + 1);
    const size = cell.name === undefined ? 0 : NODE.height;
    return cell.y - size / 2 + (size * (place + 1)) / (of.length + 1);
  };
}

function xOf({ layer }: Cell): number {
  return MARGIN + layer * (NODE.width + GAP.x);
}

function sizeOf({ name }: Cell): number {
  return name === undefined ? LANE_HEIGHT : NODE.height;
}

function heightOf(layer: readonly Cell[]): number {
  return layer.reduce((sum, cell) => sum + sizeOf(cell), 0) + Math.max(0, layer.length - 1) * GAP.y;
}

function spread(layer: readonly Cell[]): void {
  for (const [index, cell] of layer.entries()) cell.y = (index + 0.5) / layer.length;
}
