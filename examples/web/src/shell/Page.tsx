import { useState, type ReactNode } from 'react';

import type { useLiveQuery } from '../api/useLiveQuery';
import styles from './Page.module.css';
import { Problem } from './Problem';

interface PageProps {
  /** How reading it goes. */
  reading: Omit<ReturnType<typeof useLiveQuery>, 'data'>;
  /** What it says of its end; absent until it was read. */
  end: { hasNextPage: boolean; endCursor?: string | null } | undefined;
  /** The page that begins after a cursor. */
  next: (after: string | null) => ReactNode;
  /** Its items. */
  children: ReactNode;
}

/**
 * A page of a list, and after it the next one when that is asked for.
 *
 * Each page is read by itself and begins where the one before it ends, so what comes or goes moves all of them on.
 */
export function Page({ reading: { failure, isReading, read }, end, next, children }: PageProps) {
  const [hasNext, setHasNext] = useState(false);

  if (!end && !failure) return isReading ? <li className={styles.loading}>Loading…</li> : null;
  return (
    <>
      {children}
      {failure && (
        <li>
          <Problem failure={failure} again={read} />
        </li>
      )}
      {end?.hasNextPage && hasNext && next(end.endCursor ?? null)}
      {end?.hasNextPage && !hasNext && (
        <li className={styles.more}>
          <button
            type="button"
            onClick={() => {
              setHasNext(true);
            }}
          >
            Show more
          </button>
        </li>
      )}
    </>
  );
}
