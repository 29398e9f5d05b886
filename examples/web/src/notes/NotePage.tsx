import { useLiveQuery } from '../api/useLiveQuery';
import { graphql, readFragment } from '../graphql';
import { Page } from '../shell/Page';
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

/** A page of notes, and after it the next one when that is asked for. */
export function NotePage({ isMine, after, changes }: NotePageProps) {
  const { data, ...reading } = useLiveQuery(NotePageQuery, { isMine, after }, changes);
  const page = readFragment(NotePageFragment, data?.notes ?? data?.viewer?.notes);
  const next = (cursor: string | null) => <NotePage isMine={isMine} after={cursor} changes={changes} />;

  return (
    <Page reading={reading} end={page?.pageInfo} next={next}>
      {after === null && page?.nodes.length === 0 && (
        <li className={styles.quiet}>{isMine ? 'You have not written anything yet.' : 'Nobody has published anything yet.'}</li>
      )}
      {page?.nodes.map((note) => (
        <NoteItem key={note.id} note={note} />
      ))}
    </Page>
  );
}
