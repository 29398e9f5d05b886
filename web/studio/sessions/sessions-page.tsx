import { useViewer } from '../../account/use-viewer';
import { UserSessions } from './user-sessions';

/** Where the viewer is signed in. Those of others are with their users. */
export function SessionsPage() {
  const viewer = useViewer();
  return (
    viewer && (
      <>
        <h1 className="hidden">Sessions of {viewer.name}</h1>
        <UserSessions userId={viewer.id} />
      </>
    )
  );
}
