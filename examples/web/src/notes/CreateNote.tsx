import { useState } from 'react';

import type { Failure } from '../api/failure';
import { useChange } from '../api/useChange';
import { graphql } from '../graphql';
import { NoteForm, type Written } from './NoteForm';
import styles from './Notes.module.css';

const CreateNoteMutation = graphql(`
  mutation CreateNote($input: CreateNoteInput!) {
    createNote(input: $input) {
      note {
        id
        ...NoteItem
      }
    }
  }
`);

const NOTHING: Written = { title: '', body: '', visibility: 'PRIVATE' };

/** Begins a note. */
export function CreateNote() {
  const [isOpen, setIsOpen] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const { change, isPending } = useChange(CreateNoteMutation);

  const close = () => {
    setIsOpen(false);
    setFailure(undefined);
  };
  const save = async (input: Written) => {
    const outcome = await change({ input }, `“${input.title}” is not saved yet.`);
    setFailure(outcome.failure);
    if (!outcome.failure) close();
  };

  if (!isOpen) {
    return (
      <button
        type="button"
        className={styles.write}
        onClick={() => {
          setIsOpen(true);
        }}
      >
        Write a note
      </button>
    );
  }
  return <NoteForm label="Write a note" written={NOTHING} {...{ failure, isPending }} onSave={(input) => void save(input)} onClose={close} />;
}
