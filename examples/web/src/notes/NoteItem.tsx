import { useState } from 'react';

import { type FragmentType, graphql, readFragment } from '../graphql';
import { useViewer } from '../session/viewer';
import { EditNote } from './EditNote';
import { Like } from './Like';
import styles from './NoteItem.module.css';

const NoteItemFragment = graphql(`
  fragment NoteItem on Note {
    id
    title
    body
    visibility
    createdAt
    user {
      id
      name
    }
    ...Like
    ...EditNote
  }
`);

/** A note, to be read. */
export function NoteItem({ note: masked }: { note: FragmentType<typeof NoteItemFragment> }) {
  const note = readFragment(NoteItemFragment, masked);
  const viewer = useViewer();
  const [isEdited, setIsEdited] = useState(false);
  const { title, body, visibility, createdAt, user } = note;
  const isMine = user.id === viewer.id;

  if (isEdited) {
    return (
      <li className={styles.note}>
        <EditNote
          note={note}
          onClose={() => {
            setIsEdited(false);
          }}
        />
      </li>
    );
  }
  return (
    <li className={styles.note}>
      <article aria-label={title}>
        <h2 className={styles.title}>{title}</h2>
        <p className={styles.about}>
          {isMine ? 'You' : user.name}
          {', '}
          <time dateTime={createdAt}>{new Date(createdAt).toLocaleDateString(undefined, { dateStyle: 'medium' })}</time>
          {visibility === 'PUBLIC' ? ', for everybody' : ', only for you'}
        </p>
        {body && <p className={styles.body}>{body}</p>}
        <p className={styles.actions}>
          <Like note={note} />
          {isMine && (
            <button
              type="button"
              className="quiet"
              aria-label={`Edit ${title}`}
              onClick={() => {
                setIsEdited(true);
              }}
            >
              Edit
            </button>
          )}
        </p>
      </article>
    </li>
  );
}
