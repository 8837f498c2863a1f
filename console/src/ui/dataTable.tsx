import type { ReactNode } from 'react';
import { strings } from '../strings.ts';
import { ErrorState } from './errorState.tsx';
import './dataTable.css';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** What the row is called: the head of its card on a phone. */
  readonly isName?: boolean;
  /** What is done with the row. Its title is for those who hear it. */
  readonly isAction?: boolean;
  /** Left out where no row has any. */
  readonly isOptional?: boolean;
}

export interface DataTableProps<Row> {
  /** What the table is of, for those who hear it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  /** Undefined: not here yet. */
  readonly rows: readonly Row[] | undefined;
  readonly keyOf: (row: Row) => string;
  /** Shown above rows that there are already, and in their place when there are none. */
  readonly error?: unknown;
  readonly onRetry?: () => void;
  /** Shown when there are no rows. */
  readonly empty: ReactNode;
  /** There are more rows: fetches them. */
  readonly onMore?: (() => void) | undefined;
  readonly isLoadingMore?: boolean;
}

/** Rows of one kind; on a phone each is a card. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { caption, columns, rows, keyOf, error, onRetry, empty, onMore, isLoadingMore = false } = props;
  const shown = columns.filter(({ cell, isOptional = false }) => !isOptional || rows?.some((row) => cell(row) != null));
  const failure = error === undefined ? null : <ErrorState error={error} {...(onRetry !== undefined && { onRetry })} />;
  if (rows === undefined) return failure ?? <TableLoading />;
  const more = onMore !== undefined && (
    <button type="button" className="button table-more" onClick={onMore} disabled={isLoadingMore}>
      {isLoadingMore ? strings.state.loading : strings.ui.more}
    </button>
  );
  if (rows.length === 0) {
    return (
      <>
        {failure ?? <div className="state empty">{empty}</div>}
        {more}
      </>
    );
  }
  return (
    <>
      {failure}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the window is scrolled by the keyboard, too. */}
      <section className="table-frame" aria-label={caption} tabIndex={0}>
        <table className="table">
          <caption className="hidden">{caption}</caption>
          <thead>
            <tr>
              {shown.map(({ title, isAction = false }) => (
                <th key={title} scope="col" data-action={isAction}>
                  <span className={isAction ? 'hidden' : undefined}>{title}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                {shown.map((column) => (
                  <Cell key={column.title} row={row} column={column} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {more}
    </>
  );
}

function Cell<Row>({ row, column }: { readonly row: Row; readonly column: Column<Row> }): ReactNode {
  const { title, cell, isName = false, isAction = false } = column;
  if (isName) return <th scope="row">{cell(row)}</th>;
  return (
    <td data-title={isAction ? undefined : title} data-action={isAction}>
      <div className="table-value">{cell(row)}</div>
    </td>
  );
}

/** As high as a few rows, so that little moves when they come. */
function TableLoading(): ReactNode {
  return (
    <div className="table-loading" role="status">
      <span className="hidden">{strings.state.loading}</span>
      <i />
      <i />
      <i />
      <i />
    </div>
  );
}
