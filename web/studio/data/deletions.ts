import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Mutation } from '../schema/entity';
import type { Row } from '../schema/value';

/** How long a deletion can be undone: it is only sent then. */
export const UNDO_MILLISECONDS = 6000;

/** A row that is about to be deleted. */
export interface Deletion {
  row: Row;
  /** What it was begun with by the keyboard; null where that was something else. */
  key: HTMLElement | null;
}

export interface Deletions {
  pending: readonly Deletion[];
  /** Why the last one failed. */
  failure: Failure | null;
  begin: (row: Row, key: HTMLElement | null) => void;
  undo: (row: Row) => void;
  /** Stops the time of one, as long as somebody is about to undo it. */
  hold: (row: Row) => void;
  /** Has its time begin anew. */
  release: (row: Row) => void;
}

/**
 * Deletes rows after a time in which that can be undone. Where the list is left before, they are deleted at once; where the whole page
 * is closed, they stay.
 */
export function useDeletions(remove: Mutation | null, onDeleted: () => void): Deletions {
  const [pending, setPending] = useState<readonly Deletion[]>([]);
  const [failure, setFailure] = useState<Failure | null>(null);
  // What is not sent yet, by the ids of the rows: null where its time is stopped.
  const waiting = useRef(new Map<string, ReturnType<typeof setTimeout> | null>());

  const forget = useCallback((id: string) => setPending((pending) => pending.filter(({ row }) => row.id !== id)), []);

  const send = useCallback(
    async (id: string) => {
      waiting.current.delete(id);
      const { failure } = remove ? await executeText(remove.document, { input: { id } }) : { failure: null };
      setFailure(failure);
      forget(id);
      onDeleted();
    },
    [remove, forget, onDeleted],
  );

  const newestSend = useRef(send);
  useEffect(() => {
    newestSend.current = send;
  }, [send]);
  useEffect(() => {
    const left = waiting.current;
    return () =>
      left.forEach((timer, id) => {
        clearTimeout(timer ?? undefined);
        void newestSend.current(id);
      });
  }, []);

  const hold = useCallback(({ id }: Row) => {
    if (waiting.current.has(id)) {
      clearTimeout(waiting.current.get(id) ?? undefined);
      waiting.current.set(id, null);
    }
  }, []);
  const release = useCallback(({ id }: Row) => {
    if (waiting.current.get(id) === null) {
      waiting.current.set(id, setTimeout(() => void newestSend.current(id), UNDO_MILLISECONDS));
    }
  }, []);
  const begin = useCallback(
    (row: Row, key: HTMLElement | null) => {
      setFailure(null);
      setPending((pending) => [...pending, { row, key }]);
      waiting.current.set(row.id, null);
      release(row);
    },
    [release],
  );
  const undo = useCallback(
    (row: Row) => {
      // What is sent already cannot be undone.
      if (waiting.current.has(row.id)) {
        hold(row);
        waiting.current.delete(row.id);
        forget(row.id);
      }
    },
    [hold, forget],
  );
  return { pending, failure, begin, undo, hold, release };
}
