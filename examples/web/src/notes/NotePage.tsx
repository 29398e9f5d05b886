import { useState } from 'react';

import { useLiveQuery } from '../api/useLiveQuery';
import { graphql, readFragment } from '../graphql';
import { Problem } from '../shell/Problem';
import { NoteItem } from './NoteItem';
import styles from './Notes.module.css';

const NotePageQuery = graphql(`
  query NotePage($isMine: Boolean!, $after: String) {
    viewer {
      id
      notes(first: 10, after: $after, orderBy: [{ field: CREATED_AT, direction: DESC }]) @include(if: $isMine) {
        ...NotePage
      }
    }
    notes(first: 10, after: $after, orderBy: [{ field: CREATED_AT, direction: DESC }], filter: { visibility: PUBLIC })
      @skip(if: $isMine) {
      ...NotePage
    }
  }
`);

const NotePageFragment = graphql(`
  fragment NotePage on NoteConnection {
    nodes {
      id
      ...NoteItem
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
`);

interface NotePageProps {
  isMine: boolean;
  /** The cursor that the page begins after; null for the first one. */
  after: string | null;
  changes: number;
}

/** A page of notes, and after it the next one when that is asked for; as with todos. */
export function NotePage({ isMine, after, changes }: NotePageProps) {
  const [hasNext, setHasNext] = useState(false);
  const { data, failure, isReading, read } = useLiveQuery(NotePageQuery, { isMine, after }, changes);
  const page = readFragment(NotePageFragment, data?.notes ?? data?.viewer?.notes);

  if (!page) {
    if (failure) {
      return (
        <li>
          <Problem failure={failure} again={read} />
        </li>
      );
    }
    return isReading ? <li className={styles.quiet}>Loading…</li> : null;
  }
  const { nodes, pageInfo } = page;
  return (
    <>
      {after === null && nodes.length === 0 && (
        <li className={styles.quiet}>{isMine ? 'You have not written anything yet.' : 'Nobody has published anything yet.'}</li>
      )}
      {nodes.map((note) => (
        <NoteItem key={note.id} note={note} />
      ))}
      {failure && (
        <li>
          <Problem failure={failure} again={read} />
        </li>
      )}
      {pageInfo.hasNextPage && hasNext && <NotePage isMine={isMine} after={pageInfo.endCursor ?? null} changes={changes} />}
      {pageInfo.hasNextPage && !hasNext && (
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
