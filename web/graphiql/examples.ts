import createTodo from './examples/create-todo.graphql?raw';
import liveTodos from './examples/live-todos.graphql?raw';
import mySessions from './examples/my-sessions.graphql?raw';
import myTodos from './examples/my-todos.graphql?raw';
import publicNotes from './examples/public-notes.graphql?raw';
import todoChanges from './examples/todo-changes.graphql?raw';
import type { Opened } from './open-tab';

/** A document to begin with. It shows something on the demo data. */
export interface Example extends Opened {
  title: string;
  needsSignIn: boolean;
}

export const examples: readonly Example[] = [
  { title: 'Public notes', needsSignIn: false, query: publicNotes },
  {
    title: 'My todos, by a filter',
    needsSignIn: true,
    query: myTodos,
    variables: pretty({ filter: { completed: false, priority: ['HIGH', 'MEDIUM'] } }),
  },
  {
    title: 'Create a todo, once',
    needsSignIn: true,
    query: createTodo,
    variables: pretty({ input: { text: 'Water the tomatoes', priority: 'HIGH' } }),
    headers: pretty({ 'Idempotency-Key': 'tomatoes-1' }),
  },
  { title: 'Follow changes of todos', needsSignIn: true, query: todoChanges },
  { title: 'Todos, live', needsSignIn: true, query: liveTodos },
  {
    title: 'Public notes, five seconds old at most',
    needsSignIn: false,
    query: publicNotes,
    headers: pretty({ 'Cache-Control': 'max-age=5' }),
  },
  { title: 'My sessions', needsSignIn: true, query: mySessions },
];

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
