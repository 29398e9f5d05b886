import { useState } from 'react';

import { useChanges } from '../api/useChanges';
import { graphql } from '../graphql';
import { Choice } from '../shell/Choice';
import { CreateNote } from './CreateNote';
import { NotePage } from './NotePage';
import styles from './Notes.module.css';

const NoteChanged = graphql(`
  subscription NoteChanged {
    noteChanged {
      node {
        id
        ...NoteItem
      }
    }
  }
`);

const WHOSE = [
  ['mine', 'Yours'],
  ['public', 'Everybody’s'],
] as const;

/** The viewer's notes, or those that everybody may see. */
export function Notes() {
  const changes = useChanges(NoteChanged);
  const [whose, setWhose] = useState<'mine' | 'public'>('mine');

  return (
    <>
      <h1 className="visually-hidden">Notes</h1>
      <div className={styles.top}>
        <Choice legend="Whose" options={WHOSE} value={whose} onChange={setWhose} />
        <CreateNote />
      </div>
      <ul className={styles.list} aria-label="Notes">
        <NotePage isMine={whose === 'mine'} after={null} changes={changes} />
      </ul>
    </>
  );
}
