import { ActionsHeading, TableFrame } from '../table/frame';
import { Heading } from '../table/heading';
import type { Order } from '../table/order-choice';
import { address } from '../page/route';
import type { Column, Entity } from '../schema/entity';
import type { Row } from '../schema/value';
import { CacheCell } from './cache-cell';
import { LinkCell } from './link-cell';
import { isByKeyboard } from './undo';
import type { Memos } from './use-memos';
import { ValueCell } from './value-cell';

interface Properties {
  entity: Entity;
  rows: readonly Row[];
  /** Ids of rows that are about to be deleted. */
  leaving: ReadonlySet<string>;
  /** Ids of rows that somebody has changed just now. */
  changed: ReadonlySet<string>;
  canOrder: boolean;
  order: Order | null;
  /** What caches keep of the rows. */
  memos: Memos;
  onOrder: (order: Order | null) => void;
  onChanged: (row: Row) => void;
  /** `key` is what was pressed by the keyboard. */
  onDelete: (row: Row, key: HTMLElement | null) => void;
}

/** Rows and columns. */
export function Table(properties: Properties) {
  const { entity, rows, leaving, changed, canOrder, order, memos, onOrder, onChanged, onDelete } = properties;
  return (
    <TableFrame label={`Rows of ${entity.type}`} columns={canOrder ? orders(entity.columns) : []} order={order} onOrder={onOrder}>
      <thead role="rowgroup">
        <tr role="row">
          {entity.columns.map((column) => {
            const field = canOrder ? orderOf(column) : null;
            return (
              <Heading
                key={column.name}
                title={column.description}
                direction={field !== null && order?.field === field ? order.direction : null}
                onOrder={field === null ? undefined : (direction) => onOrder(direction && { field, direction })}
              >
                {column.name} <small>{column.typeName}</small>
              </Heading>
            );
          })}
          {memos.byId && <Heading title="What the caches of this server keep of the row">cache</Heading>}
          {entity.remove && <ActionsHeading />}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr
            key={row.id}
            role="row"
            data-id={row.id}
            className={[leaving.has(row.id) && 'leaving', changed.has(row.id) && 'changed'].filter(Boolean).join(' ')}
          >
            {entity.columns.map((column) => (
              <td key={column.name} role="cell" data-label={column.name} data-type={column.typeName}>
                {column.type === 'link' ? (
                  <LinkCell column={column} row={row} />
                ) : column.name === 'id' ? (
                  <a className="shown id" href={address(entity.name, row.id)} title={row.id}>
                    {row.id}
                  </a>
                ) : (
                  <ValueCell column={column} row={row} update={entity.update} onChanged={onChanged} />
                )}
              </td>
            ))}
            {memos.byId && (
              <td role="cell" data-label="cache">
                <CacheCell memo={memos.byId.get(row.id)} label={String(row[entity.label])} onDrop={() => memos.drop(row.id)} />
              </td>
            )}
            {entity.remove && (
              <td role="cell" className="actions">
                <button
                  type="button"
                  disabled={leaving.has(row.id)}
                  onClick={(event) => onDelete(row, isByKeyboard(event) ? event.currentTarget : null)}
                >
                  Delete<span className="hidden"> {String(row[entity.label])}</span>
                </button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </TableFrame>
  );
}

/** The columns that rows can be ordered by. */
function orders(columns: readonly Column[]): { name: string; field: string }[] {
  return columns.flatMap((column) => {
    const field = orderOf(column);
    return field === null ? [] : [{ name: column.name, field }];
  });
}

/** By what rows are ordered by a column, if they can be. */
function orderOf(column: Column): string | null {
  return column.type === 'value' ? column.order : null;
}
