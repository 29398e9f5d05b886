import type { KeyboardEvent } from 'react';
import type { Column, Entity } from '../schema/entity';
import type { Row } from '../schema/value';
import { LinkCell } from './link-cell';
import type { PageRequest } from './use-page';
import { ValueCell } from './value-cell';

type Order = PageRequest['order'];

interface Properties {
  entity: Entity;
  rows: readonly Row[];
  /** Ids of rows that are about to be deleted. */
  leaving: readonly string[];
  /** Ids of rows that somebody has changed just now. */
  changed: ReadonlySet<string>;
  canOrder: boolean;
  order: Order;
  onOrder: (order: Order) => void;
  onChanged: (row: Row) => void;
  onDelete: (row: Row) => void;
}

/** Rows and columns. The arrow keys go from value to value. */
export function Table(properties: Properties) {
  const { entity, rows, leaving, changed, canOrder, order, onOrder, onChanged, onDelete } = properties;
  return (
    <div className="table" role="region" aria-label={`Rows of ${entity.type}`} tabIndex={0}>
      <table onKeyDown={goByArrows}>
        <thead>
          <tr>
            {entity.columns.map((column) => (
              <Heading key={column.name} column={column} canOrder={canOrder} order={order} onOrder={onOrder} />
            ))}
            {entity.remove && (
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={row.id}
              data-id={row.id}
              className={[leaving.includes(row.id) && 'leaving', changed.has(row.id) && 'changed'].filter(Boolean).join(' ')}
            >
              {entity.columns.map((column) => (
                <td key={column.name} data-label={column.name}>
                  {column.type === 'link' ? (
                    <LinkCell column={column} row={row} />
                  ) : column.name === 'id' ? (
                    <a className="shown id" href={`#/${entity.field}/${row.id}`} title={row.id}>
                      {row.id}
                    </a>
                  ) : (
                    <ValueCell column={column} row={row} update={entity.update} onChanged={onChanged} />
                  )}
                </td>
              ))}
              {entity.remove && (
                <td className="actions">
                  <button type="button" disabled={leaving.includes(row.id)} onClick={() => onDelete(row)}>
                    Delete<span className="hidden"> {String(row[entity.label])}</span>
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadingProperties {
  column: Column;
  canOrder: boolean;
  order: Order;
  onOrder: (order: Order) => void;
}

function Heading({ column, canOrder, order, onOrder }: HeadingProperties) {
  const name = (
    <>
      {column.name} <small>{column.typeName}</small>
    </>
  );
  const field = canOrder && column.type === 'value' ? column.order : null;
  if (field === null) {
    return (
      <th scope="col" title={column.description}>
        {name}
      </th>
    );
  }
  const direction = order?.field === field ? order.direction : null;
  const next: Order = direction === null ? { field, direction: 'ASC' } : direction === 'ASC' ? { field, direction: 'DESC' } : null;
  return (
    <th
      scope="col"
      title={column.description}
      aria-sort={direction === null ? 'none' : direction === 'ASC' ? 'ascending' : 'descending'}
    >
      <button type="button" onClick={() => onOrder(next)}>
        {name}
        <span aria-hidden="true">{direction === null ? '↕' : direction === 'ASC' ? '↑' : '↓'}</span>
      </button>
    </th>
  );
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
