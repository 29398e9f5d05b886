import type { TypedDocumentNode } from '@urql/core';
import { useEffect } from 'react';
import { useSubscription } from 'urql';

import { failureOf } from './failure';
import { useConnection } from './useConnection';

/** How long after a stream that ended with an error the next one begins. */
const AGAIN_MILLISECONDS = 500;

/**
 * Follows a subscription, and returns a number that grows when something has changed, or may have: for each event, and for what
 * no event tells of.
 *
 * What an event tells of an object is in the cache by then. Which lists the object is on now is for the server to say.
 */
export function useChanges(document: TypedDocumentNode<unknown, Record<string, never>>) {
  const { changes } = useConnection();
  const [{ data: events = 0, error }, follow] = useSubscription<unknown, number, Record<string, never>>(
    { query: document, variables: {} },
    (count = 0) => count + 1,
  );

  // A stream that breaks is begun again by itself; this one the server has ended, because it left something out or cannot go on.
  useEffect(() => {
    if (!error || failureOf(error).code === 'UNAUTHENTICATED') return;
    const timer = setTimeout(follow, AGAIN_MILLISECONDS);
    return () => {
      clearTimeout(timer);
    };
  }, [error, follow]);

  return events + changes;
}
