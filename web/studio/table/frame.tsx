import type { KeyboardEvent, ReactNode } from 'react';

/** A table in a region of its own, which scrolls. The arrow keys go from value to value. */
export function TableFrame({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="table" role="region" aria-label={label} tabIndex={0}>
      <table onKeyDown={goByArrows}>{children}</table>
    </div>
  );
}

/** The heading of the column that holds what can be done to a row. */
export function ActionsHeading() {
  return (
    <th scope="col">
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
