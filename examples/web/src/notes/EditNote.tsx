import { useState } from 'react';

import type { Failure } from '../api/failure';
import { useChange } from '../api/useChange';
import { type FragmentType, graphql, readFragment } from '../graphql';
import { NoteForm, type Written } from './NoteForm';

const EditNoteFragment = graphql(`
  fragment EditNote on Note {
    id
    title
    body
    visibility
  }
`);

const UpdateNote = graphql(`
  mutation UpdateNote($input: UpdateNoteInput!) {
    updateNote(input: $input) {
      note {
        id
        ...NoteItem
      }
    }
  }
`);

const DeleteNote = graphql(`
  mutation DeleteNote($input: DeleteNoteInput!) {
    deleteNote(input: $input) {
      deletedId
    }
  }
`);

interface EditNoteProps {
  note: FragmentType<typeof EditNoteFragment>;
  onClose: () => void;
}

/** Changes a note, or deletes it. */
export function EditNote({ note: masked, onClose }: EditNoteProps) {
  const note = readFragment(EditNoteFragment, masked);
  const [failure, setFailure] = useState<Failure>();
  const update = useChange(UpdateNote);
  const remove = useChange(DeleteNote);

  const save = async (written: Written) => {
    const outcome = await update.change({ input: { id: note.id, ...written } }, `“${note.title}” is as it was.`);
    setFailure(outcome.failure);
    if (!outcome.failure) onClose();
  };

  return (
    <NoteForm
      label={`Edit ${note.title}`}
      written={note}
      failure={failure}
      isPending={update.isPending}
      onSave={(written) => void save(written)}
      onClose={onClose}
    >
      <button
        type="button"
        className="danger"
        onClick={() => {
          void remove.change({ input: { id: note.id } }, `“${note.title}” is still there.`);
        }}
      >
        Delete
      </button>
    </NoteForm>
  );
}
