import { use, useState } from 'react';

import type { Failure } from '../api/failure';
import { useChange } from '../api/useChange';
import { type FragmentType, graphql, readFragment } from '../graphql';
import type { Priority } from '../graphql/graphql';
import { TextField } from '../shell/Field';
import { TagPicker } from './TagPicker';
import { TagsContext } from './tags';
import styles from './TodoEditor.module.css';

const TodoEditorFragment = graphql(`
  fragment TodoEditor on Todo {
    id
    text
    priority
    dueAt
    tags {
      nodes {
        id
      }
    }
  }
`);

const UpdateTodo = graphql(`
  mutation UpdateTodo($input: UpdateTodoInput!) {
    updateTodo(input: $input) {
      todo {
        id
        ...TodoItem
      }
    }
  }
`);

const DeleteTodo = graphql(`
  mutation DeleteTodo($input: DeleteTodoInput!) {
    deleteTodo(input: $input) {
      deletedId
    }
  }
`);

const TagTodo = graphql(`
  mutation TagTodo($input: TagTodoInput!) {
    tagTodo(input: $input) {
      todo {
        id
        ...TodoItem
      }
    }
  }
`);

const UntagTodo = graphql(`
  mutation UntagTodo($input: UntagTodoInput!) {
    untagTodo(input: $input) {
      todo {
        id
        ...TodoItem
      }
    }
  }
`);

interface TodoEditorProps {
  todo: FragmentType<typeof TodoEditorFragment>;
  onClose: () => void;
}

/** All about a todo that can be changed. It is saved as a whole: Enter saves, Escape leaves it as it was. */
export function TodoEditor({ todo: masked, onClose }: TodoEditorProps) {
  const todo = readFragment(TodoEditorFragment, masked);
  const carried = todo.tags.nodes.map(({ id }) => id);
  const known = use(TagsContext);
  const [tags, setTags] = useState(carried);
  const [failure, setFailure] = useState<Failure>();
  const update = useChange(UpdateTodo);
  const remove = useChange(DeleteTodo);
  const tag = useChange(TagTodo);
  const untag = useChange(UntagTodo);

  const save = async (form: FormData) => {
    const text = form.get('text') as string;
    const due = form.get('dueAt') as string;
    const input = {
      id: todo.id,
      text,
      priority: form.get('priority') as Priority,
      // The end of that day, here.
      dueAt: due ? new Date(`${due}T23:59:59`).toISOString() : null,
    };
    const called = (id: string) => known.find((tag) => tag.id === id)?.name ?? 'a tag';
    const outcomes = await Promise.all([
      update.change({ input }, `“${text}” is as it was.`),
      ...tags
        .filter((id) => !carried.includes(id))
        .map((tagId) => tag.change({ input: { todoId: todo.id, tagId } }, `“${text}” did not get #${called(tagId)}.`)),
      ...carried
        .filter((id) => !tags.includes(id))
        .map((tagId) => untag.change({ input: { todoId: todo.id, tagId } }, `“${text}” still has #${called(tagId)}.`)),
    ]);
    const atField = outcomes.find(({ failure }) => failure?.field)?.failure;
    setFailure(atField);
    if (!atField) onClose();
  };

  return (
    <form
      className={styles.editor}
      aria-label={`Edit ${todo.text}`}
      onSubmit={(event) => {
        event.preventDefault();
        void save(new FormData(event.currentTarget));
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onClose();
      }}
    >
      <TextField label="Text" name="text" defaultValue={todo.text} autoComplete="off" autoFocus failure={failure} />
      <div className={styles.pair}>
        <label>
          Priority
          <select name="priority" defaultValue={todo.priority}>
            <option value="LOW">Can wait</option>
            <option value="MEDIUM">Usual</option>
            <option value="HIGH">Cannot wait</option>
          </select>
        </label>
        <TextField label="Due" name="dueAt" type="date" defaultValue={dayOf(todo.dueAt)} failure={failure} />
      </div>
      <TagPicker picked={tags} onPick={setTags} />
      <p className={styles.actions}>
        <button className="primary" disabled={update.isPending}>
          Save
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="danger"
          onClick={() => {
            void remove.change({ input: { id: todo.id } }, `“${todo.text}” is still there.`);
          }}
        >
          Delete
        </button>
      </p>
    </form>
  );
}

/** The day of a time here, as inputs of dates have it. */
function dayOf(time: string | null | undefined) {
  if (!time) return '';
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
