import type { Direction } from './heading';

/** By what rows are ordered. */
export interface Order {
  field: string;
  direction: Direction;
}

interface Properties {
  /** What rows can be ordered by: what it is called, and what it is asked for by. */
  columns: readonly { name: string; field: string }[];
  order: Order | null;
  onOrder: (order: Order | null) => void;
}

const DIRECTIONS = [
  ['ASC', 'ascending'],
  ['DESC', 'descending'],
] as const;

/** Orders the rows of a table where there is no room for the headings that do. */
export function OrderChoice({ columns, order, onOrder }: Properties) {
  const orders = columns.flatMap(({ name, field }) =>
    DIRECTIONS.map(([direction, word]) => ({ name: `${name} ${word}`, order: { field, direction } })),
  );
  const chosen = orders.find(({ order: { field, direction } }) => field === order?.field && direction === order.direction);
  return (
    <label className="inline order">
      <small>order</small>
      <select
        value={chosen?.name ?? ''}
        onChange={(event) => onOrder(orders.find(({ name }) => name === event.target.value)?.order ?? null)}
      >
        <option value="">as it comes</option>
        {orders.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
