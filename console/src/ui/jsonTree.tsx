import { memo, type ReactNode } from 'react';
import './jsonTree.css';

/** Of a list or an object, as many parts as are shown: a tool may answer with any number. */
const MAX_PARTS = 200;
/** Further in there is only how much: some hundred folds in each other end the page of a browser. */
const MAX_DEPTH = 50;
/** Further in, parts are folded. */
const OPEN_DEPTH = 2;

export interface JsonTreeProps {
  readonly value: unknown;
}

/** JSON as people read it: names and values, what is nested foldable. It may still be growing. */
export const JsonTree = memo(function JsonTree({ value }: JsonTreeProps): ReactNode {
  return (
    <div className="json-tree">
      <Part value={value} depth={0} />
    </div>
  );
});

function Part({ value, depth, name }: { readonly value: unknown; readonly depth: number; readonly name?: string }): ReactNode {
  const label = name === undefined ? null : <span className="json-tree-name">{name}: </span>;
  if (typeof value !== 'object' || value === null) {
    return (
      <div>
        {label}
        {typeof value === 'string' ? (
          <span className="json-tree-text">{value}</span>
        ) : (
          <span className="json-tree-value">{String(value)}</span>
        )}
      </div>
    );
  }
  const parts = Object.entries(value);
  const size = Array.isArray(value) ? `[${parts.length}]` : `{${parts.length}}`;
  if (parts.length === 0 || depth > MAX_DEPTH) {
    return (
      <div>
        {label}
        <span className="json-tree-value">{parts.length > 0 ? `… ${size}` : Array.isArray(value) ? '[]' : '{}'}</span>
      </div>
    );
  }
  const list = (
    <ul>
      {parts.slice(0, MAX_PARTS).map(([key, part]) => (
        <li key={key}>
          <Part value={part} depth={depth + 1} name={key} />
        </li>
      ))}
      {parts.length > MAX_PARTS && <li>… {parts.length - MAX_PARTS}</li>}
    </ul>
  );
  if (name === undefined) return list;
  return (
    <details open={depth <= OPEN_DEPTH}>
      <summary>
        {name} {size}
      </summary>
      {list}
    </details>
  );
}
