import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Mutation } from '../schema/entity';
import type { Row } from '../schema/value';

/** How long a deletion can be undone: it is only sent then. */
export const UNDO_MILLISECONDS = 6000;

export interface Deletions {
  /** The rows that are about to be deleted. */
  pending: readonly Row[];
  /** Why the last one failed. */
  failure: Failure | null;
  begin: (row: Row) => void;
  undo: (row: Row) => void;
}

/**
 * Deletes rows after a time in which that can be undone. Where the list is left before, they are deleted at once; where the whole page
 * is closed, they stay.
 */
export function useDeletions(remove: Mutation | null, onDeleted: () => void): Deletions {
  const [pending, setPending] = useState<readonly Row[]>([]);
  const [failure, setFailure] = useState<Failure | null>(null);
  const timers = useRef(new Map<string, ReturnType<typeof setTimeout>>());

  const forget = useCallback((id: string) => {
    clearTimeout(timers.current.get(id));
    timers.current.delete(id);
    setPending((rows) => rows.filter((row) => row.id !== id));
  }, []);

  const send = useCallback(
    async (id: string) => {
      timers.current.delete(id);
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
    const waiting = timers.current;
    return () =>
      waiting.forEach((timer, id) => {
        clearTimeout(timer);
        void newestSend.current(id);
      });
  }, []);

  const begin = useCallback((row: Row) => {
    setFailure(null);
    setPending((rows) => [...rows, row]);
    timers.current.set(row.id, setTimeout(() => void newestSend.current(row.id), UNDO_MILLISECONDS));
  }, []);
  const undo = useCallback((row: Row) => forget(row.id), [forget]);
  return { pending, failure, begin, undo };
}
