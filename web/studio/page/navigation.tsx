import { Fragment, useEffect, useRef } from 'react';
import { rootLists } from '../schema/catalogue';
import { address, type Route } from './route';

const GROUPS = [
  { title: 'Data', routes: rootLists.map(({ field }) => field) },
  { title: 'Server', routes: ['tide', 'queries', 'jobs'] },
  { title: 'Access', routes: ['sessions'] },
];

export function Navigation({ route: [current = rootLists[0]?.field] }: { route: Route }) {
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen, all are in one line that is scrolled.
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <nav ref={list} className="navigation" aria-label="Studio">
      {GROUPS.map(({ title, routes }) => (
        <Fragment key={title}>
          <h2>{title}</h2>
          <ul>
            {routes.map((route) => (
              <li key={route}>
                <a href={address(route)} aria-current={route === current ? 'page' : undefined}>
                  {route}
                </a>
              </li>
            ))}
          </ul>
        </Fragment>
      ))}
    </nav>
  );
}
