import { useEffect, useRef, useState } from 'react';

import { isNew } from '../api/cache';
import { useChange } from '../api/useChange';
import { type FragmentType, graphql, readFragment } from '../graphql';
import { TodoEditor } from './TodoEditor';
import styles from './TodoItem.module.css';

const TodoItemFragment = graphql(`
  fragment TodoItem on Todo {
    id
    text
    completed
    priority
    dueAt
    tags {
      nodes {
        id
        name
      }
    }
    ...TodoEditor
  }
`);

const CompleteTodo = graphql(`
  mutation CompleteTodo($input: UpdateTodoInput!) {
    updateTodo(input: $input) {
      todo {
        id
        completed
      }
    }
  }
`);

const PRIORITIES = { LOW: 'Can wait', MEDIUM: '', HIGH: 'Cannot wait' };

/** A todo on the list. */
export function TodoItem({ todo: masked }: { todo: FragmentType<typeof TodoItemFragment> }) {
  const todo = readFragment(TodoItemFragment, masked);
  const [isEdited, setIsEdited] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  const wasEdited = useRef(false);
  const { change } = useChange(CompleteTodo);

  // Where one was before.
  useEffect(() => {
    if (!isEdited && wasEdited.current) edit.current?.focus();
    wasEdited.current = isEdited;
  }, [isEdited]);

  const close = () => {
    setIsEdited(false);
  };
  if (isEdited) {
    return (
      <li className={styles.item}>
        <TodoEditor todo={todo} onClose={close} />
      </li>
    );
  }
  return (
    <li className={styles.item}>
      <label className={styles.done}>
        <input
          type="checkbox"
          checked={todo.completed}
          disabled={isNew(todo.id)}
          onChange={({ target }) => {
            const input = { id: todo.id, completed: target.checked };
            void change({ input }, `“${todo.text}” is ${target.checked ? 'not done' : 'still done'}.`);
          }}
        />
        <span className={styles.text}>{todo.text}</span>
      </label>
      <button
        ref={edit}
        type="button"
        className={styles.edit}
        disabled={isNew(todo.id)}
        aria-label={`Edit ${todo.text}`}
        onClick={() => {
          setIsEdited(true);
        }}
      >
        Edit
      </button>
      <About {...todo} />
    </li>
  );
}

interface AboutProps {
  priority: keyof typeof PRIORITIES;
  dueAt?: string | null;
  tags: { nodes: { id: string; name: string }[] };
}

/** What else is known about a todo, if anything is. */
function About({ priority, dueAt, tags }: AboutProps) {
  const words = [
    ...(PRIORITIES[priority] ? [{ id: 'priority', text: PRIORITIES[priority] }] : []),
    ...(dueAt ? [{ id: 'due', text: `Due ${new Date(dueAt).toLocaleDateString(undefined, { dateStyle: 'medium' })}` }] : []),
    ...tags.nodes.map(({ id, name }) => ({ id, text: `#${name}` })),
  ];
  if (words.length === 0) return null;
  return (
    <p className={styles.about}>
      {words.map(({ id, text }) => (
        <span key={id} data-urgent={id === 'priority' && priority === 'HIGH' ? true : undefined}>
          {text}
        </span>
      ))}
    </p>
  );
}
