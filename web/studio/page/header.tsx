import { signOut, type Viewer } from '../../api/viewer';

export function Header({ viewer }: { viewer: Viewer }) {
  return (
    <header className="header">
      <a href="#/" className="brand">
        Tidewater <strong>Studio</strong>
      </a>
      <span className="viewer">
        <span>{viewer.name}</span>
        <small>{viewer.role}</small>
        <button type="button" onClick={() => void signOut()}>
          Sign out
        </button>
      </span>
    </header>
  );
}
