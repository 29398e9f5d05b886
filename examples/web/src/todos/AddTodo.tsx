import { useRef, useState } from 'react';

import type { Failure } from '../api/failure';
import { useChange } from '../api/useChange';
import { graphql } from '../graphql';
import { TextField } from '../shell/Field';
import styles from './Todos.module.css';

const CreateTodo = graphql(`
  mutation CreateTodo($input: CreateTodoInput!) {
    createTodo(input: $input) {
      todo {
        id
        ...TodoItem
      }
    }
  }
`);

/** One line for what comes to mind. All else about a todo can be said later. */
export function AddTodo() {
  const form = useRef<HTMLFormElement>(null);
  const [failure, setFailure] = useState<Failure>();
  const { change } = useChange(CreateTodo);

  const add = async (text: string) => {
    setFailure(undefined);
    const outcome = await change({ input: { text } }, `“${text}” was not added.`);
    if (!outcome.failure?.field) return;
    setFailure(outcome.failure);
    const input = form.current?.elements.namedItem('text') as HTMLInputElement | null;
    // Nothing that was typed is lost, be it the old or the new.
    if (input?.value === '') input.value = text;
  };

  return (
    <form
      ref={form}
      className={styles.add}
      onSubmit={(event) => {
        event.preventDefault();
        void add(new FormData(event.currentTarget).get('text') as string);
        event.currentTarget.reset();
      }}
    >
      <TextField
        label="What is to be done?"
        isLabelHidden
        name="text"
        placeholder="What is to be done?"
        autoComplete="off"
        failure={failure}
      />
      <button className="primary">Add</button>
    </form>
  );
}
