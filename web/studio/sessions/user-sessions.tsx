import { useCallback, useEffect, useState } from 'react';
import { useViewer } from '../../account/use-viewer';
import { refreshViewer } from '../../api/viewer';
import type { UserSessionsQuery } from '../../generated/graphql';
import { Pager } from '../data/pager';
import { placeVariables, type Place } from '../data/use-page';
import { execute, type Outcome } from '../execute';
import { showTime } from '../schema/value';
import { Null } from '../table/frame';
import { PlainTable, type PlainColumn } from '../table/plain-table';
import { revokeOtherSessions, revokeSession, userSessions } from './documents';

type Sessions = NonNullable<UserSessionsQuery['user']>['sessions'];
type Session = Sessions['nodes'][number];

/** How many are read at once. */
const PAGE_SIZE = 100;

/** Where a user is signed in, and what ends that. */
export function UserSessions({ userId }: { userId: string }) {
  const viewer = useViewer();
  const [sessions, setSessions] = useState<Sessions | null>(null);
  const [place, turn] = useState<Place>(null);
  const [failure, setFailure] = useState<string | null>(null);

  const read = useCallback(async () => {
    const { data, failure } = await execute(userSessions, { id: userId, ...placeVariables(place, PAGE_SIZE) });
    setSessions(data?.user?.sessions ?? null);
    setFailure(failure?.message ?? null);
  }, [userId, place]);
  useEffect(() => void read(), [read]);

  const run = async (step: Promise<Outcome<unknown>>) => {
    const { failure } = await step;
    await read();
    if (failure) {
      setFailure(failure.message);
    }
  };
  const revoke = async ({ id, isCurrent }: Session) => {
    const revoking = execute(revokeSession, { id });
    if (isCurrent && (await revoking).failure === null) {
      // Nobody may read where nobody is signed in.
      await refreshViewer();
    } else {
      await run(revoking);
    }
  };

  return (
    <section className="list" aria-label="sessions">
      <div className="toolbar">
        <h2>sessions</h2>
        {sessions && <Pager page={sessions} onTurn={turn} />}
        <button type="button" onClick={() => void read()}>
          Refresh
        </button>
        {userId === viewer?.id && (
          <button type="button" onClick={() => void run(execute(revokeOtherSessions, {}))}>
            Revoke all others
          </button>
        )}
      </div>
      {failure && (
        <p role="alert" className="failure">
          {failure}
        </p>
      )}
      {sessions && sessions.nodes.length > 0 && (
        <PlainTable
          label="Rows of sessions"
          columns={COLUMNS}
          rows={sessions.nodes}
          idOf={({ id }) => id}
          actions={(session) => (
            <>
              {session.isCurrent && <small>this session </small>}
              <button type="button" onClick={() => void revoke(session)}>
                Revoke<span className="hidden"> {session.device ?? session.id}</span>
              </button>
            </>
          )}
        />
      )}
      {sessions?.totalCount === 0 && <p className="notice">The user is signed in nowhere.</p>}
    </section>
  );
}

const COLUMNS: readonly PlainColumn<Session>[] = [
  {
    name: 'id',
    show: ({ id }) => (
      <span className="shown id" title={id}>
        {id}
      </span>
    ),
  },
  { name: 'device', show: ({ device }) => <span className="shown">{device ?? <Null />}</span>, by: ({ device }) => device ?? '' },
  ...(['createdAt', 'lastSeenAt', 'expiresAt'] as const).map((name) => ({
    name,
    show: (session: Session) => showTime(session[name]),
    by: (session: Session) => session[name],
  })),
];
