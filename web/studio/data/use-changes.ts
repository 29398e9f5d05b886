import { useEffect, useRef } from 'react';
import { stream } from '../../api/stream';
import type { Entity } from '../schema/entity';
import type { Row } from '../schema/value';

/** What became of a row, whoever changed it. */
export interface Change {
  kind: 'CREATED' | 'UPDATED' | 'DELETED';
  id: string;
  node: Row | null;
}

/** Until an ended subscription is begun again. */
const PAUSE_MILLISECONDS = 2000;
/** Within which a subscription has surely begun: over a WebSocket, nothing tells. */
const SETTLING_MILLISECONDS = 1000;

/**
 * Tells of each change of an entity's rows, where there is a subscription for it. `onDoubt` is called when changes may have been missed,
 * before a subscription began.
 */
export function useChanges(entity: Entity, onChange: (change: Change) => void, onDoubt: () => void): void {
  const listener = useRef({ onChange, onDoubt });
  useEffect(() => {
    listener.current = { onChange, onDoubt };
  });
  useEffect(() => {
    const query = entity.changes;
    if (query === null) {
      return;
    }
    let isOver = false;
    let stop = () => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      timer = setTimeout(() => listener.current.onDoubt(), SETTLING_MILLISECONDS);
      stop = stream<{ change: Change }>({ query }, {}, {
        next: ({ data }) => data && listener.current.onChange(data.change),
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
  }, [entity]);
}
