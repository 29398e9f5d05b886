import type { ComponentProps, KeyboardEvent, ReactNode } from 'react';
import { OrderChoice } from './order-choice';

interface Properties extends ComponentProps<typeof OrderChoice> {
  label: string;
  children: ReactNode;
}

/**
 * A table in a region of its own, which scrolls. The arrow keys go from value to value. What it consists of says its role, since it has
 * none any more where a narrow screen makes cards of its rows.
 */
export function TableFrame({ label, children, columns, order, onOrder }: Properties) {
  return (
    <>
      {columns.length > 0 && <OrderChoice columns={columns} order={order} onOrder={onOrder} />}
      <div className="table" role="region" aria-label={label} tabIndex={0}>
        <table role="table" onKeyDown={goByArrows}>
          {children}
        </table>
      </div>
    </>
  );
}

/** The heading of the column that holds what can be done to a row. */
export function ActionsHeading() {
  return (
    <th scope="col" role="columnheader">
      <span className="hidden">Actions</span>
    </th>
  );
}

/** What stands for a value that there is none of. */
export function Null() {
  return <span className="null">null</span>;
}

/** From a value to that beside it, above it or below it, where there is one that can take the focus. */
function goByArrows(event: KeyboardEvent<HTMLTableElement>): void {
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[event.key];
  const target = event.target as HTMLElement;
  const cell = target.closest('td');
  if (!step || !cell || target.matches('input, select, textarea')) {
    return;
  }
  const { rows } = event.currentTarget;
  let [row, column] = [(cell.parentElement as HTMLTableRowElement).rowIndex, cell.cellIndex];
  for (;;) {
    row += step[0];
    column += step[1];
    const next = rows[row]?.cells[column];
    if (!next) {
      return;
    }
    const value = next.querySelector<HTMLElement>('button, a');
    if (value) {
      event.preventDefault();
      value.focus();
      return;
    }
  }
}
