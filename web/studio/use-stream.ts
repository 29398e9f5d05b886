import { useEffect, useRef } from 'react';
import type { Failure } from '../api/message';
import { stream } from '../api/stream';

/** Until an ended subscription is begun again. */
const PAUSE_MILLISECONDS = 2000;
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
    let isOver = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      let end: Failure = { message: 'The server tells no more.' };
      timer = setTimeout(() => newest.current.onDoubt(), SETTLING_MILLISECONDS);
      stop = stream<Data>(
        { query },
        {},
        {
          next: ({ data, errors }) => {
            end = errors?.[0] ?? end;
            if (data) {
              newest.current.onData(data);
            }
          },
          complete: () => {
            clearTimeout(timer);
            if (!isOver) {
              newest.current.onEnd(end);
              timer = setTimeout(begin, PAUSE_MILLISECONDS);
            }
          },
        },
      );
    };
    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, [query]);
}
