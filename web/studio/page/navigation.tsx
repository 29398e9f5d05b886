import { rootLists } from '../schema/catalogue';
import { address, type Route } from './route';

export function Navigation({ route: [current = rootLists[0]?.field] }: { route: Route }) {
  return (
    <nav className="navigation" aria-label="Studio">
      <h2>Data</h2>
      <ul>
        {rootLists.map(({ field }) => (
          <li key={field}>
            <a href={address(field)} aria-current={field === current ? 'page' : undefined}>
              {field}
            </a>
          </li>
        ))}
      </ul>
      <h2>Access</h2>
      <ul>
        <li>
          <a href={address('sessions')} aria-current={current === 'sessions' ? 'page' : undefined}>
            sessions
          </a>
        </li>
      </ul>
    </nav>
  );
}
