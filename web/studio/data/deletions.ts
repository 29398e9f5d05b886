import { createContext, useCallback, useContext, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import { executeText } from '../execute';
import type { Entity } from '../schema/entity';
import type { Row } from '../schema/value';

/** How long a deletion can be undone: it is only sent then. */
export const UNDO_MILLISECONDS = 6000;

/** A row that is about to be deleted. */
export interface Deletion {
  entity: Entity;
  row: Row;
  /** What it was begun with by the keyboard; null where that was something else. */
  key: HTMLElement | null;
}

export interface Deletions {
  /** Those that can be undone. */
  pending: readonly Deletion[];
  /** The ids of rows that are about to be deleted, and of those that are. */
  leaving: ReadonlySet<string>;
  /** Why the last one failed. */
  failure: Failure | null;
  begin: (deletion: Deletion) => void;
  undo: (deletion: Deletion) => void;
  /** Stops the time of one, as long as somebody is about to undo it. */
  hold: (deletion: Deletion) => void;
  /** Has its time begin anew. */
  release: (deletion: Deletion) => void;
}

const NONE: Deletions = {
  pending: [],
  leaving: new Set(),
  failure: null,
  begin: () => {},
  undo: () => {},
  hold: () => {},
  release: () => {},
};

export const DeletionsContext = createContext(NONE);

export function useDeletions(): Deletions {
  return useContext(DeletionsContext);
}

/** Deletes rows after a time in which that can be undone, wherever somebody goes meanwhile. Where the page is closed before, they stay. */
export function useNewDeletions(): Deletions {
  const [pending, setPending] = useState<readonly Deletion[]>([]);
  const [leaving, setLeaving] = useState<ReadonlySet<string>>(new Set());
  const [failure, setFailure] = useState<Failure | null>(null);
  // What is not sent yet, by the ids of the rows: null where its time is stopped.
  const waiting = useRef(new Map<string, ReturnType<typeof setTimeout> | null>());
  useEffect(() => {
    const left = waiting.current;
    return () => left.forEach((timer) => clearTimeout(timer ?? undefined));
  }, []);

  const forget = useCallback(
    ({ row: { id } }: Deletion) => setPending((pending) => pending.filter(({ row }) => row.id !== id)),
    [],
  );
  const stay = useCallback(
    ({ row: { id } }: Deletion) => setLeaving((leaving) => new Set([...leaving].filter((left) => left !== id))),
    [],
  );
  const send = useCallback(
    async (deletion: Deletion) => {
      const { entity, row } = deletion;
      waiting.current.delete(row.id);
      const { failure } = await executeText(entity.remove?.document ?? '', { input: { id: row.id } });
      setFailure(failure);
      forget(deletion);
      if (failure) {
        stay(deletion);
      }
    },
    [forget, stay],
  );

  const hold = useCallback(({ row: { id } }: Deletion) => {
    if (waiting.current.has(id)) {
      clearTimeout(waiting.current.get(id) ?? undefined);
      waiting.current.set(id, null);
    }
  }, []);
  const release = useCallback(
    (deletion: Deletion) => {
      const { id } = deletion.row;
      if (waiting.current.get(id) === null) {
        waiting.current.set(
          id,
          setTimeout(() => void send(deletion), UNDO_MILLISECONDS),
        );
      }
    },
    [send],
  );
  const begin = useCallback(
    (deletion: Deletion) => {
      const { id } = deletion.row;
      setFailure(null);
      setPending((pending) => [...pending, deletion]);
      setLeaving((leaving) => new Set([...leaving, id]));
      waiting.current.set(id, null);
      release(deletion);
    },
    [release],
  );
  const undo = useCallback(
    (deletion: Deletion) => {
      // What is sent already cannot be undone.
      if (waiting.current.has(deletion.row.id)) {
        hold(deletion);
        waiting.current.delete(deletion.row.id);
        forget(deletion);
        stay(deletion);
      }
    },
    [hold, forget, stay],
  );
  return { pending, leaving, failure, begin, undo, hold, release };
}
