import { useSyncExternalStore } from 'react';

export type Route = 'todos' | 'notes';

/** What the page shows, by the fragment of its address: so static files are enough, and Back goes back. */
export function useRoute(): Route {
  return useSyncExternalStore(subscribe, current);
}

const current = () => (location.hash === '#/notes' ? 'notes' : 'todos');

function subscribe(listener: () => void) {
  addEventListener('hashchange', listener);
  return () => {
    removeEventListener('hashchange', listener);
  };
}
