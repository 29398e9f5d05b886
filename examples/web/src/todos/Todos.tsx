import { useState } from 'react';

import { useChanges } from '../api/useChanges';
import { graphql } from '../graphql';
import { Choice } from '../shell/Choice';
import styles from './Todos.module.css';
import { AddTodo } from './AddTodo';
import { TagsContext, useReadTags } from './tags';
import { TodoPage } from './TodoPage';
import { ORDERS, STATES, variablesOf, type View } from './view';

const TodoChanged = graphql(`
  subscription TodoChanged {
    todoChanged {
      node {
        id
        ...TodoItem
      }
    }
  }
`);

/** The viewer's todos: those that are looked for, in the order that is wanted. */
export function Todos() {
  const changes = useChanges(TodoChanged);
  const tags = useReadTags(changes);
  const [view, setView] = useState<View>({ state: 'open', order: 'newest', text: '', tag: '' });
  const show = (change: Partial<View>) => {
    setView({ ...view, ...change });
  };
  return (
    <TagsContext value={tags}>
      <h1 className="visually-hidden">Todos</h1>
      <AddTodo />
      <div className={styles.view} role="search" aria-label="Which todos are shown">
        <Choice
          legend="State"
          options={STATES}
          value={view.state}
          onChange={(state) => {
            show({ state });
          }}
        />
        <input
          type="search"
          className={styles.text}
          aria-label="Search"
          placeholder="Search"
          value={view.text}
          onChange={(event) => {
            show({ text: event.target.value });
          }}
        />
        <select
          className={styles.order}
          aria-label="Order"
          value={view.order}
          onChange={(event) => {
            show({ order: event.target.value as View['order'] });
          }}
        >
          {ORDERS.map(([order, label]) => (
            <option key={order} value={order}>
              {label}
            </option>
          ))}
        </select>
        {tags.length > 0 && (
          <Choice
            legend="Tag"
            options={[['', 'All tags'] as const, ...tags.map(({ id, name }) => [id, `#${name}`] as const)]}
            value={view.tag}
            onChange={(tag) => {
              show({ tag });
            }}
          />
        )}
      </div>
      <ul className={styles.list} aria-label="Todos">
        <TodoPage view={variablesOf(view)} after={null} changes={changes} />
      </ul>
    </TagsContext>
  );
}
