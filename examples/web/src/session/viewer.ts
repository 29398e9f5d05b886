import { createContext, use } from 'react';

export const ViewerContext = createContext<{ id: string; name: string } | null>(null);

/** Who is signed in. */
export function useViewer() {
  const viewer = use(ViewerContext);
  if (!viewer) throw new Error('There is no ViewerContext around this.');
  return viewer;
}
