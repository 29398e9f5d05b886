import { useEffect, useRef } from 'react';
import { stream } from '../api/stream';

/** Until an ended subscription is begun again. */
const PAUSE_MILLISECONDS = 2000;
/** Within which a subscription has surely begun: over a WebSocket, nothing tells. */
const SETTLING_MILLISECONDS = 1000;

/**
 * Follows a subscription, and begins it again when it ends. `onDoubt` is called when something may have been missed, before a
 * subscription began. Without a query, nothing is followed.
 */
export function useStream<Data>(query: string | null, onData: (data: Data) => void, onDoubt: () => void): void {
  const listener = useRef({ onData, onDoubt });
  useEffect(() => {
    listener.current = { onData, onDoubt };
  });
  useEffect(() => {
    if (query === null) {
      return;
    }
    let isOver = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      timer = setTimeout(() => listener.current.onDoubt(), SETTLING_MILLISECONDS);
      stop = stream<Data>({ query }, {}, {
        next: ({ data }) => data && listener.current.onData(data),
        complete: () => {
          clearTimeout(timer);
          if (!isOver) {
            timer = setTimeout(begin, PAUSE_MILLISECONDS);
          }
        },
      });
    };
    begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, [query]);
}
