import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import type { TideChangedSubscription } from '../../generated/graphql';
import { execute } from '../execute';
import { useStream } from '../use-stream';
import { tideChanged, tideChanges } from './documents';

export type Change = TideChangedSubscription['tideChanged'];

/** How many are shown. */
const MOST = 100;
/** Many changes of one transaction come one by one; they are shown together. */
const PAUSE_MILLISECONDS = 200;

/** The changes of the database as they happen, the latest first; null before any answer. While it is paused, nobody asks for any. */
export function useRecentChanges(isPaused: boolean): { changes: readonly Change[] | null; failure: Failure | null } {
  const [changes, setChanges] = useState<readonly Change[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const waiting = useRef<Change[]>([]);
  /** The server that was asked, and the position up to which: what the stream tells of that is known. */
  const asked = useRef({ server: '', last: -1 });

  // What was missed, or came before, is remembered by the server.
  const ask = useCallback(async () => {
    const { data, failure } = await execute(tideChanges, {});
    setFailure(failure);
    if (data) {
      const { server, changes: told } = data.tide;
      const last = told[0]?.position ?? -1;
      // The positions of another server, or of the same one started anew, are no later or earlier than these.
      const isSame = server === asked.current.server;
      asked.current = { server, last };
      setChanges((changes) => [...(isSame ? after(last, changes ?? []) : []), ...told].slice(0, MOST));
    }
  }, []);
  useEffect(() => {
    if (!isPaused) {
      void ask();
    }
  }, [ask, isPaused]);
  useStream<TideChangedSubscription>(
    isPaused ? null : tideChanged.toString(),
    ({ tideChanged }) => (waiting.current = [tideChanged, ...waiting.current].slice(0, MOST)),
    () => void ask(),
  );

  useEffect(() => {
    if (isPaused) {
      return;
    }
    const interval = setInterval(() => {
      const come = after(asked.current.last, waiting.current);
      waiting.current = [];
      if (come.length > 0) {
        setChanges((changes) => [...come, ...(changes ?? [])].slice(0, MOST));
      }
    }, PAUSE_MILLISECONDS);
    return () => clearInterval(interval);
  }, [isPaused]);

  return { changes, failure };
}

function after(position: number, changes: readonly Change[]): Change[] {
  return changes.filter((change) => change.position > position);
}
