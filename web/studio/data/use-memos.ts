import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import type { RowMemosQuery } from '../../generated/graphql';
import { execute } from '../execute';
import type { Row } from '../schema/value';
import { dropMemo, rowMemos } from './documents';

export type Memo = RowMemosQuery['tide']['memos'][number];

/** What caches keep of the rows of a page. */
export interface Memos {
  /** By the ids of the rows; null where the viewer may not know, or was not told yet. */
  byId: ReadonlyMap<string, Memo> | null;
  /** Why a row was not dropped, or why nothing is told any more. */
  failure: Failure | null;
  drop: (id: string) => void;
}

/** Between the rows and the question, so that rows that come one by one cost one. */
const PAUSE_MILLISECONDS = 100;
/** What is kept changes without the rows: it expires, is evicted, or somebody reads it. */
const INTERVAL_MILLISECONDS = 5000;
/** These say that the viewer may not know, or that no rows of the kind are kept by their ids. */
const NOT_TOLD = ['FORBIDDEN', 'UNAUTHENTICATED', 'BAD_USER_INPUT'];

/** Asks what is kept of rows, whenever there are others and from time to time. */
export function useMemos(rows: readonly Row[] | undefined): Memos {
  const [byId, setById] = useState<ReadonlyMap<string, Memo> | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const isTold = useRef(true);
  // Answers may overtake one another.
  const newest = useRef(0);

  const ask = useCallback(async () => {
    const ids = rows?.map(({ id }) => id) ?? [];
    if (ids.length === 0 || !isTold.current || document.hidden) {
      return;
    }
    const asking = ++newest.current;
    const { data, failure } = await execute(rowMemos, { ids });
    if (asking !== newest.current) {
      return;
    }
    isTold.current = !NOT_TOLD.includes(failure?.extensions?.code ?? '');
    setFailure(isTold.current ? failure : null);
    if (data) {
      setById(new Map(data.tide.memos.map((memo) => [memo.nodeId, memo])));
    } else if (!isTold.current) {
      setById(null);
    }
  }, [rows]);

  useEffect(() => {
    const pause = setTimeout(() => void ask(), PAUSE_MILLISECONDS);
    const interval = setInterval(() => void ask(), INTERVAL_MILLISECONDS);
    return () => {
      clearTimeout(pause);
      clearInterval(interval);
    };
  }, [ask]);

  const drop = async (id: string) => {
    const { failure } = await execute(dropMemo, { id });
    if (failure) {
      setFailure(failure);
    } else {
      await ask();
    }
  };
  return { byId, failure, drop: (id) => void drop(id) };
}
