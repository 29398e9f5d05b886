import { useCallback } from 'react';
import type { Failure } from '../../api/message';
import type { List } from '../schema/entity';
import type { Row } from '../schema/value';
import type { Order } from '../table/order-choice';
import { useLive } from '../use-live';

/** Which rows are asked for. */
export interface PageRequest {
  filter: Record<string, unknown>;
  order: Order | null;
  place: Place;
}

/** The cursor that a page begins after, or ends before: at the end of all where that is null. Without any, it is the first. */
export type Place = { after: string } | { before: string | null } | null;

export interface Page<Node = Row> {
  totalCount: number;
  pageInfo: PageInfo;
  nodes: Node[];
}

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor?: string | null;
  endCursor?: string | null;
}

export interface PageState {
  /** The page that was read last; null before. */
  page: Page | null;
  failure: Failure | null;
  isLoading: boolean;
  refresh: () => void;
  /** Puts a row in the place of the one with its id, until there is a newer page. */
  replace: (row: Row) => void;
}

export const PAGE_SIZE = 50;

interface Answer {
  list?: Page;
  parent?: { list: Page } | null;
}

/** A page of a list, as it is at any time, or as it was when it began to be held. `id` is that of the object which it belongs to. */
export function usePage(list: List, id: string | null, request: PageRequest, isHeld: boolean): PageState {
  const variables = JSON.stringify(variablesOf(list, id, request));
  const { data, failure, isLoading, refresh, alter } = useLive<Answer>(list.document, variables, isHeld);
  const replace = useCallback(
    (row: Row) => {
      const replaced = (page: Page): Page => ({
        ...page,
        nodes: page.nodes.map((node) => (node.id === row.id ? row : node)),
      });
      alter(({ list, parent }) =>
        list ? { list: replaced(list) } : { parent: parent ? { list: replaced(parent.list) } : null },
      );
    },
    [alter],
  );
  const page = data?.list ?? data?.parent?.list ?? null;
  const isMissing = data !== null && page === null;
  return {
    page,
    failure: failure ?? (isMissing ? { message: 'There is no such object.' } : null),
    isLoading,
    refresh,
    replace,
  };
}

interface PlaceVariables {
  first?: number;
  after?: string;
  last?: number;
  before?: string | null;
}

/** The arguments that ask for a page of some size. */
export function placeVariables(place: Place, size: number): PlaceVariables {
  return place !== null && 'before' in place ? { last: size, ...place } : { first: size, ...place };
}

function variablesOf(list: List, id: string | null, { filter, order, place }: PageRequest): Record<string, unknown> {
  return {
    ...(id === null ? {} : { id }),
    ...placeVariables(place, PAGE_SIZE),
    ...(list.filter.length > 0 ? { filter } : {}),
    ...(list.canOrder && order ? { orderBy: [order] } : {}),
  };
}
