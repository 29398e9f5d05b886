import { type ReactNode } from 'react';

import type { Failure } from '../api/failure';
import type { Visibility } from '../graphql/graphql';
import { TextArea, TextField } from '../shell/Field';
import styles from './NoteForm.module.css';

/** What there is to say in a note. */
export interface Written {
  title: string;
  body: string;
  visibility: Visibility;
}

interface NoteFormProps {
  label: string;
  written: Written;
  failure: Failure | undefined;
  isPending: boolean;
  onSave: (written: Written) => void;
  onClose: () => void;
  /** What else can be done with the note. */
  children?: ReactNode;
}

/** Writes a note. Escape leaves it as it was. */
export function NoteForm({ label, written, failure, isPending, onSave, onClose, children }: NoteFormProps) {
  return (
    <form
      className={styles.form}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        onSave({
          title: form.get('title') as string,
          body: form.get('body') as string,
          visibility: form.has('public') ? 'PUBLIC' : 'PRIVATE',
        });
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose();
      }}
    >
      <TextField label="Title" name="title" defaultValue={written.title} autoComplete="off" autoFocus failure={failure} />
      <TextArea label="Note" name="body" rows={6} defaultValue={written.body} failure={failure} />
      <label className={styles.public}>
        <input type="checkbox" name="public" defaultChecked={written.visibility === 'PUBLIC'} />
        Everybody may read it
      </label>
      <p className={styles.actions}>
        <button className="primary" disabled={isPending}>
          Save
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          Cancel
        </button>
        {children}
      </p>
    </form>
  );
}
