import type { RunStep, Usage } from 'verbatim-agents/client';

export type NodeKind = 'run' | 'attempt' | 'step' | 'model' | 'message' | 'tool' | 'approval' | 'mark';
export type NodeState = 'queued' | 'open' | 'waiting' | 'done' | 'failed' | 'cancelled' | 'withdrawn';

export interface Span {
  readonly from: number;
  /** Absent while it goes on. */
  to?: number;
}

/** Something that a run did, for as long as it took: a row of the waterfall. */
export interface TimelineNode {
  readonly id: string;
  readonly runId: string;
  kind: NodeKind;
  label: string;
  /** The event that it begins with. */
  seq?: number;
  /** Absent where the times are not known any more. */
  startAt?: number;
  endAt?: number;
  state: NodeState;
  /** In which it waited for somebody, or for its turn. */
  readonly waits: Span[];
  firstTokenAt?: number;
  usage?: Usage;
  /** Why it ended so, or began. */
  note?: string;
  step?: RunStep;
  messageId?: string;
  callId?: string;
  readonly children: TimelineNode[];
}

export interface TimelineRow {
  readonly node: TimelineNode;
  /** 1 for the run itself. */
  readonly level: number;
  readonly parentId?: string;
}

/** What is seen of the tree, top down. */
export function rowsOf(root: TimelineNode, folded: ReadonlySet<string>): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  const add = (node: TimelineNode, level: number, parentId: string | undefined): void => {
    rows.push({ node, level, ...(parentId !== undefined && { parentId }) });
    if (folded.has(node.id)) return;
    for (const child of node.children) add(child, level + 1, node.id);
  };
  add(root, 1, undefined);
  return rows;
}

export function findNode(root: TimelineNode, id: string): TimelineNode | undefined {
  if (root.id === id) return root;
  for (const child of root.children) {
    const found = findNode(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}
