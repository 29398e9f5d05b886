import { useCallback, useEffect, useState } from 'react';
import { useViewer } from '../../account/use-viewer';
import { refreshViewer } from '../../api/viewer';
import type { UserSessionsQuery } from '../../generated/graphql';
import { execute, type Outcome } from '../execute';
import { showTime } from '../schema/value';
import { revokeOtherSessions, revokeSession, userSessions } from './documents';

type Sessions = NonNullable<UserSessionsQuery['user']>['sessions'];
type Session = Sessions['nodes'][number];

/** Where a user is signed in, and what ends that. */
export function UserSessions({ userId }: { userId: string }) {
  const viewer = useViewer();
  const [sessions, setSessions] = useState<Sessions | null>(null);
  const [after, setAfter] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);

  const read = useCallback(async () => {
    const { data, failure } = await execute(userSessions, { id: userId, after });
    setSessions(data?.user?.sessions ?? null);
    setFailure(failure?.message ?? null);
  }, [userId, after]);
  useEffect(() => void read(), [read]);

  const run = async (step: Promise<Outcome<unknown>>) => {
    const { failure } = await step;
    await read();
    if (failure) {
      setFailure(failure.message);
    }
  };
  const revoke = ({ id, isCurrent }: Session) =>
    run(execute(revokeSession, { id })).then(() => {
      if (isCurrent) {
        void refreshViewer();
      }
    });

  return (
    <section className="list" aria-label="sessions">
      <div className="toolbar">
        <h2>sessions</h2>
        {sessions && <span>{sessions.totalCount.toLocaleString()} in all</span>}
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
      {sessions && sessions.nodes.length > 0 && <SessionTable sessions={sessions.nodes} onRevoke={(session) => void revoke(session)} />}
      {sessions?.nodes.length === 0 && <p className="notice">The user is signed in nowhere.</p>}
      {sessions?.pageInfo.hasNextPage && (
        <button type="button" onClick={() => setAfter(sessions.pageInfo.endCursor ?? null)}>
          Next
        </button>
      )}
    </section>
  );
}

function SessionTable({ sessions, onRevoke }: { sessions: Session[]; onRevoke: (session: Session) => void }) {
  return (
    <div className="table" role="region" aria-label="Rows of sessions" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {['id', 'device', 'createdAt', 'lastSeenAt', 'expiresAt'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id} data-id={session.id}>
              <td data-label="id">
                <span className="shown id" title={session.id}>
                  {session.id}
                </span>
              </td>
              <td data-label="device">
                <span className="shown">{session.device ?? <span className="null">null</span>}</span>
              </td>
              <td data-label="createdAt">{showTime(session.createdAt)}</td>
              <td data-label="lastSeenAt">{showTime(session.lastSeenAt)}</td>
              <td data-label="expiresAt">{showTime(session.expiresAt)}</td>
              <td className="actions">
                {session.isCurrent && <small>this session </small>}
                <button type="button" onClick={() => onRevoke(session)}>
                  Revoke<span className="hidden"> {session.device ?? session.id}</span>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
