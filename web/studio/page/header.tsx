import { signOut, type Viewer } from '../../api/viewer';

interface Properties {
  /** Null if nobody is signed in. */
  viewer: Viewer | null;
  onSignIn: () => void;
}

export function Header({ viewer, onSignIn }: Properties) {
  return (
    <header className="header">
      <a href="#/" className="brand">
        Tidewater <strong>Studio</strong>
      </a>
      <span className="viewer">
        {viewer === null ? (
          <button type="button" onClick={onSignIn}>
            Sign in
          </button>
        ) : (
          <>
            <span>{viewer.name}</span>
            <small>{viewer.role}</small>
            <button type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </>
        )}
      </span>
    </header>
  );
}
