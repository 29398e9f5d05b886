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

/** The changes of the database as they happen, the latest first; null before any answer. While it is paused, they wait to be shown. */
export function useRecentChanges(isPaused: boolean): { changes: readonly Change[] | null; failure: Failure | null } {
  const [changes, setChanges] = useState<readonly Change[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const waiting = useRef<Change[]>([]);
  /** The position up to which the server was asked: what the stream tells of that is known. */
  const asked = useRef(-1);

  // What was missed, or came before, is remembered by the server.
  const ask = useCallback(async () => {
    const { data, failure } = await execute(tideChanges, {});
    setFailure(failure);
    if (data) {
      const last = data.tide.changes[0]?.position ?? -1;
      asked.current = last;
      setChanges((changes) => [...after(last, changes ?? []), ...data.tide.changes].slice(0, MOST));
    }
  }, []);
  useEffect(() => void ask(), [ask]);
  useStream<TideChangedSubscription>(
    tideChanged.toString(),
    ({ tideChanged }) => (waiting.current = [tideChanged, ...waiting.current].slice(0, MOST)),
    () => void ask(),
  );

  useEffect(() => {
    if (isPaused) {
      return;
    }
    const interval = setInterval(() => {
      const come = after(asked.current, waiting.current);
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
