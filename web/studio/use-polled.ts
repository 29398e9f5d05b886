import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../api/message';
import type { TypedDocumentString } from '../generated/graphql';
import { execute } from './execute';

export interface Polled<Data> {
  /** What was answered last; null before. */
  data: Data | null;
  /** Why the last question was not answered. */
  failure: Failure | null;
  refresh: () => Promise<void>;
}

/**
 * Asks again and again, for as long as the page is seen and nobody has paused it: each question begins `milliseconds` after the last
 * was answered.
 */
export function usePolled<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  milliseconds: number,
  isPaused = false,
): Polled<Data> {
  const [data, setData] = useState<Data | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  // Answers may overtake one another, and come when the page has gone on.
  const newest = useRef(0);
  const text = JSON.stringify(variables);

  const refresh = useCallback(async () => {
    const asking = ++newest.current;
    const { data, failure } = await execute(document, JSON.parse(text) as Variables);
    if (asking === newest.current) {
      setFailure(failure);
      if (data) {
        setData(data);
      }
    }
  }, [document, text]);

  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const go = async () => {
      if (!globalThis.document.hidden) {
        await refresh();
      }
      if (!isOver) {
        timer = setTimeout(() => void go(), milliseconds);
      }
    };
    if (!isPaused) {
      void go();
    }
    return () => {
      isOver = true;
      newest.current += 1;
      clearTimeout(timer);
    };
  }, [refresh, milliseconds, isPaused]);

  return { data, failure, refresh };
}
