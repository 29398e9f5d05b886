import { useSyncExternalStore } from 'react';

/** What the page shows: the path after `#`, in its parts. `[]` is the beginning. */
export type Route = readonly string[];

/** The address of a route, for links. */
export function address(...parts: string[]): string {
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}

export function useRoute(): Route {
  return useSyncExternalStore(onChange, current)
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
}

/** As it is, where it is encoded wrongly: there is nothing at such an address. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function current(): string {
  return location.hash.replace(/^#/, '');
}

function onChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
