import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { List } from '../schema/entity';
import type { Row } from '../schema/value';

/** Which rows are asked for. */
export interface PageRequest {
  filter: Record<string, unknown>;
  order: { field: string; direction: 'ASC' | 'DESC' } | null;
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
  /** Puts a row in the place of the one with its id, until the page is read again. */
  replace: (row: Row) => void;
}

export const PAGE_SIZE = 50;

/** Reads a page of a list, and again whenever something else is asked for. `id` is that of the object which it belongs to. */
export function usePage(list: List, id: string | null, request: PageRequest): PageState {
  const [page, setPage] = useState<Page | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isLoading, setIsLoading] = useState(true);
  const [readings, setReadings] = useState(0);
  // Answers may overtake one another.
  const newest = useRef(0);
  const variables = JSON.stringify(variablesOf(list, id, request));

  useEffect(() => {
    const reading = ++newest.current;
    setIsLoading(true);
    void read(list, variables).then(({ data, failure }) => {
      if (reading !== newest.current) {
        return;
      }
      setIsLoading(false);
      setFailure(failure);
      if (data) {
        setPage(data);
      }
    });
  }, [list, variables, readings]);

  const refresh = useCallback(() => setReadings((readings) => readings + 1), []);
  const replace = useCallback(
    (row: Row) =>
      setPage((page) => page && { ...page, nodes: page.nodes.map((node) => (node.id === row.id ? row : node)) }),
    [],
  );
  return { page, failure, isLoading, refresh, replace };
}

async function read(list: List, variables: string): Promise<{ data: Page | null; failure: Failure | null }> {
  type Data = { list?: Page; parent?: { list: Page } | null };
  const { data, failure } = await executeText<Data>(list.document, JSON.parse(variables));
  if (failure) {
    return { data: null, failure };
  }
  const page = data.list ?? data.parent?.list ?? null;
  return { data: page, failure: page ? null : { message: 'There is no such object.' } };
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
