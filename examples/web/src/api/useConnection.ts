import { createContext, use, useSyncExternalStore } from 'react';

import type { Connected } from './connection';

export const ConnectedContext = createContext<Connected | null>(null);

export function useConnected() {
  const connected = use(ConnectedContext);
  if (!connected) throw new Error('There is no ConnectedContext around this.');
  return connected;
}

/** How the page is connected to the stream of changes. */
export function useConnection() {
  const { subscribe, current } = useConnected();
  return useSyncExternalStore(subscribe, current);
}
