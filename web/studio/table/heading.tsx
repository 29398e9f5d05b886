import type { ReactNode } from 'react';

export type Direction = 'ASC' | 'DESC';

interface Properties {
  children: ReactNode;
  title?: string | undefined;
  /** Which way the rows are ordered by this column; null if by another. */
  direction?: Direction | null;
  /** Orders by this column the next way; without it, nothing can. */
  onOrder?: ((next: Direction | null) => void) | undefined;
  isNumber?: boolean | undefined;
}

/** The heading of a column. Where rows can be ordered by it, it is a button. */
export function Heading({ children, title, direction = null, onOrder, isNumber }: Properties) {
  const className = isNumber ? 'number' : undefined;
  if (!onOrder) {
    return (
      <th scope="col" role="columnheader" title={title} className={className}>
        {children}
      </th>
    );
  }
  const next = direction === null ? 'ASC' : direction === 'ASC' ? 'DESC' : null;
  return (
    <th
      scope="col"
      role="columnheader"
      title={title}
      className={className}
      aria-sort={direction === null ? 'none' : direction === 'ASC' ? 'ascending' : 'descending'}
    >
      <button type="button" onClick={() => onOrder(next)}>
        {children}
        <span aria-hidden="true">{direction === null ? '↕' : direction === 'ASC' ? '↑' : '↓'}</span>
      </button>
    </th>
  );
}
