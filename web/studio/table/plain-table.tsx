import { useState, type ReactNode } from 'react';
import { ActionsHeading, TableFrame } from './frame';
import { Heading } from './heading';
import type { Order } from './order-choice';

export interface PlainColumn<Row> {
  name: string;
  title?: string;
  show: (row: Row) => ReactNode;
  /** What rows are ordered by; without it, they cannot be. */
  by?: (row: Row) => number | string;
  isNumber?: boolean;
}

interface Properties<Row> {
  label: string;
  columns: readonly PlainColumn<Row>[];
  rows: readonly Row[];
  idOf: (row: Row) => string;
  /** What can be done to a row. */
  actions?: (row: Row) => ReactNode;
  /** What is shown below a row, over its whole width. */
  below?: (row: Row) => ReactNode;
}

/** All rows of something small: they are ordered here, and as they come where no order was chosen. */
export function PlainTable<Row>({ label, columns, rows, idOf, actions, below }: Properties<Row>) {
  const [order, setOrder] = useState<Order | null>(null);
  const width = columns.length + (actions ? 1 : 0);
  return (
    <TableFrame label={label} columns={columns.flatMap(({ name, by }) => (by ? [{ name, field: name }] : []))} order={order} onOrder={setOrder}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ name, title, by, isNumber }) => (
            <Heading
              key={name}
              title={title}
              isNumber={isNumber}
              direction={order?.field === name ? order.direction : null}
              onOrder={by && ((direction) => setOrder(direction && { field: name, direction }))}
            >
              {name}
            </Heading>
          ))}
          {actions && <ActionsHeading />}
        </tr>
      </thead>
      {ordered(rows, columns, order).map((row) => {
        const id = idOf(row);
        const shownBelow = below?.(row);
        return (
          <tbody key={id} role="rowgroup">
            <tr role="row" data-id={id}>
              {columns.map(({ name, show, isNumber }) => (
                <td key={name} role="cell" data-label={name} className={isNumber ? 'number' : undefined}>
                  {show(row)}
                </td>
              ))}
              {actions && <td role="cell" className="actions">{actions(row)}</td>}
            </tr>
            {shownBelow && (
              <tr role="row" className="below">
                <td role="cell" colSpan={width}>{shownBelow}</td>
              </tr>
            )}
          </tbody>
        );
      })}
    </TableFrame>
  );
}

function ordered<Row>(rows: readonly Row[], columns: readonly PlainColumn<Row>[], order: Order | null): readonly Row[] {
  const by = columns.find(({ name }) => name === order?.field)?.by;
  if (!by) {
    return rows;
  }
  const sign = order?.direction === 'DESC' ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [left, right] = [by(one), by(other)];
    return sign * (left < right ? -1 : left > right ? 1 : 0);
  });
}
