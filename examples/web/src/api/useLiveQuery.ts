import type { AnyVariables, TypedDocumentNode } from '@urql/core';
import { useEffect, useRef } from 'react';
import { useQuery } from 'urql';

import { failureOf } from './failure';

/**
 * Reads `query`, and reads it again whenever `changes` is another number than before. Until the answer is there, `data` are those
 * that were there before, be it for other variables.
 *
 * One read is under way at a time. What changes meanwhile is read after it, for its answer may have been made before.
 */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  changes: number,
) {
  const [{ data, error, fetching, stale }, read] = useQuery<Data, Variables>({
    query,
    variables,
    // Not from the cache first: that would hold the read back while something it may rest on is being changed optimistically.
    requestPolicy: 'network-only',
  });
  const isReading = fetching || stale;
  const seen = useRef(changes);

  useEffect(() => {
    if (isReading || seen.current === changes) return;
    seen.current = changes;
    read({ requestPolicy: 'network-only' });
  }, [isReading, changes, read]);

  const failure = error && failureOf(error);
  return {
    data,
    // Where there is something to be seen, it is enough that the page says so once.
    failure: data && failure?.code === 'UNREACHABLE' ? undefined : failure,
    isReading,
    read: () => {
      read({ requestPolicy: 'network-only' });
    },
  };
}
