import { useCallback, useEffect, useRef, useState } from 'react';
import type { Failure } from '../../api/message';
import type { TideChangedSubscription, TideChangesQuery } from '../../generated/graphql';
import { execute } from '../execute';
import { useStream } from '../use-stream';
import { tideChanged, tideChanges } from './documents';

export type Change = TideChangedSubscription['tideChanged'];

/** What a server tells when it is asked. */
type Told = Pick<TideChangesQuery['tide'], 'server' | 'changes'>;

/** How many are shown. */
const MOST = 100;
/** Many changes of one transaction come one by one; they are shown together. */
const PAUSE_MILLISECONDS = 200;

/** The changes of the database as they happen, the latest first; null before any answer. While it is paused, nobody asks for any. */
export function useRecentChanges(isPaused: boolean): { changes: readonly Change[] | null; failure: Failure | null } {
  const [changes, setChanges] = useState<readonly Change[] | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [interruption, setInterruption] = useState<Failure | null>(null);
  const waiting = useRef<Change[]>([]);
  /** What was answered last: what the stream tells of that is known. */
  const asked = useRef<Told>({ server: '', changes: [] });

  // What was missed, or came before, is remembered by the server.
  const ask = useCallback(async () => {
    const { data, failure } = await execute(tideChanges, {});
    setFailure(failure);
    if (data) {
      const { tide } = data;
      asked.current = tide;
      setChanges((changes) =>
        [...unknown(tide, changes ?? []).filter(({ server }) => server === tide.server), ...tide.changes].slice(0, MOST),
      );
    }
  }, []);
  useEffect(() => {
    if (!isPaused) {
      void ask();
    }
  }, [ask, isPaused]);
  useStream<TideChangedSubscription>(isPaused ? null : tideChanged.toString(), {
    onData: ({ tideChanged }) => {
      waiting.current = [tideChanged, ...waiting.current].slice(0, MOST);
    },
    onDoubt: () => {
      setInterruption(null);
      void ask();
    },
    onEnd: (failure) => {
      setInterruption(failure);
      void ask();
    },
  });

  useEffect(() => {
    if (isPaused) {
      return;
    }
    const interval = setInterval(() => {
      if (waiting.current.length === 0) {
        return;
      }
      const come = unknown(asked.current, waiting.current);
      waiting.current = [];
      if (come.length > 0) {
        setChanges((changes) => [...come, ...(changes ?? [])].slice(0, MOST));
      }
    }, PAUSE_MILLISECONDS);
    return () => clearInterval(interval);
  }, [isPaused]);

  return { changes, failure: failure ?? interruption };
}

/** Those of some changes that a server did not tell of. Only what it has numbered itself is earlier or later than its own. */
function unknown({ server, changes: told }: Told, changes: readonly Change[]): Change[] {
  const last = told[0]?.position ?? -1;
  const known = new Set(told.map(identity));
  return changes.filter((change) => (change.server === server ? change.position > last : !known.has(identity(change))));
}

/** The same for all servers that see a change. */
function identity({ transaction, table, row, operation }: Change): string {
  return JSON.stringify([transaction, table, row, operation]);
}
