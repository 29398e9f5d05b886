import { useSyncExternalStore } from 'react';
import { currentViewer, onViewerChange, type Viewer } from '../api/viewer';

/** Who is signed in: null if nobody is, undefined until the server was asked. */
export function useViewer(): Viewer | null | undefined {
  return useSyncExternalStore(onViewerChange, currentViewer);
}
