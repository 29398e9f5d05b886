import type { TypedDocumentNode } from '@urql/core';
import { createContext, use, useEffect, useSyncExternalStore } from 'react';
import { useSubscription } from 'urql';

import type { Connected } from './connection';
import { failureOf } from './failure';

export const ConnectedContext = createContext<Connected | null>(null);

export function useConnected() {
  const connected = use(ConnectedContext);
  if (!connected) throw new Error('There is no ConnectedContext around this.');
  return connected;
}

/** How the page is connected to the stream of changes. */
export function useConnection() {
  const connected = useConnected();
  return useSyncExternalStore(connected.subscribe, connected.current);
}

/**
 * Follows a subscription, and returns a number that grows when something has changed, or may have: for each event, and for what
 * no event tells of.
 *
 * What an event tells of an object is in the cache by then. Which lists the object is on now is for the server to say.
 */
export function useChanges(document: TypedDocumentNode<unknown, Record<string, never>>) {
  const { changes } = useConnection();
  const [{ data: events = 0, error, fetching }, follow] = useSubscription<unknown, number, Record<string, never>>(
    { query: document, variables: {} },
    (count = 0) => count + 1,
  );
  const code = error && failureOf(error).code;

  // The server has ended the stream because it left something out: begin again.
  useEffect(() => {
    if (code === 'FELL_BEHIND' || code === 'INTERRUPTED') follow();
  }, [code, error, follow, fetching]);

  return events + changes;
}
