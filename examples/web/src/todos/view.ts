import type { TodoFilter, TodoOrder } from '../graphql/graphql';

/** Which todos are shown, and how. */
export interface View {
  state: 'open' | 'done' | 'all';
  order: 'newest' | 'due' | 'priority';
  /** What their text contains. */
  text: string;
  /** The id of a tag that they carry; empty for any or none. */
  tag: string;
}

export const STATES = [
  ['open', 'Open'],
  ['done', 'Done'],
  ['all', 'All'],
] as const;

export const ORDERS = [
  ['newest', 'Newest first'],
  ['due', 'By due date'],
  ['priority', 'By priority'],
] as const;

const NEWEST: TodoOrder = { field: 'CREATED_AT', direction: 'DESC' };

const ORDER_BY: Record<View['order'], TodoOrder[]> = {
  newest: [NEWEST],
  due: [{ field: 'DUE_AT', direction: 'ASC' }, NEWEST],
  priority: [{ field: 'PRIORITY', direction: 'DESC' }, NEWEST],
};

/** The view in the words of the API. The server filters, orders and counts. */
export function variablesOf({ state, order, text, tag }: View) {
  const filter: TodoFilter = {
    ...(state !== 'all' && { completed: state === 'done' }),
    ...(text.trim() && { text: text.trim() }),
  };
  return { filter, orderBy: ORDER_BY[order], tag, isTagged: tag !== '' };
}
