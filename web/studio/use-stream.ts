import { useEffect, useRef } from 'react';
import type { Failure } from '../api/message';
import { follow } from './follow';

/** Within which a subscription has surely begun: over a WebSocket, nothing tells. */
const SETTLING_MILLISECONDS = 1000;

export interface StreamListener<Data> {
  onData: (data: Data) => void;
  /** Something may have been missed, before the subscription began. */
  onDoubt: () => void;
  /** It has ended, and is begun again soon. */
  onEnd: (failure: Failure) => void;
}

/** Follows a subscription, and begins it again when it ends. Without a query, nothing is followed. */
export function useStream<Data>(query: string | null, listener: StreamListener<Data>): void {
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  useEffect(() => {
    if (query === null) {
      return;
    }
    let settling: ReturnType<typeof setTimeout> | undefined;
    const stop = follow<Data>(
      { query },
      {
        onBegin: () => {
          settling = setTimeout(() => newest.current.onDoubt(), SETTLING_MILLISECONDS);
        },
        onAnswer: ({ data }) => data && newest.current.onData(data),
        onEnd: (failure) => {
          clearTimeout(settling);
          newest.current.onEnd(failure);
        },
      },
    );
    return () => {
      clearTimeout(settling);
      stop();
    };
  }, [query]);
}
