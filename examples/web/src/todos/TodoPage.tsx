import { useLiveQuery } from '../api/useLiveQuery';
import { graphql, readFragment } from '../graphql';
import { Page } from '../shell/Page';
import { TodoItem } from './TodoItem';
import styles from './Todos.module.css';
import type { variablesOf } from './view';

const TodoPageQuery = graphql(`
  query TodoPage($filter: TodoFilter, $orderBy: [TodoOrder!], $after: String, $tag: ID!, $isTagged: Boolean!) {
    viewer {
      id
      todos(filter: $filter, orderBy: $orderBy, first: 20, after: $after) @skip(if: $isTagged) {
        ...TodoPage
      }
    }
    tag(id: $tag) @include(if: $isTagged) {
      id
      todos(filter: $filter, orderBy: $orderBy, first: 20, after: $after) {
        ...TodoPage
      }
    }
  }
`);

const TodoPageFragment = graphql(`
  fragment TodoPage on TodoConnection {
    totalCount
    nodes {
      id
      ...TodoItem
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
`);

interface TodoPageProps {
  view: ReturnType<typeof variablesOf>;
  /** The cursor that the page begins after; null for the first one. */
  after: string | null;
  changes: number;
}

/** A page of the list, and after it the next one when that is asked for. */
export function TodoPage({ view, after, changes }: TodoPageProps) {
  const { data, ...reading } = useLiveQuery(TodoPageQuery, { ...view, after }, changes);
  const page = readFragment(TodoPageFragment, data?.tag?.todos ?? data?.viewer?.todos);
  const next = (cursor: string | null) => <TodoPage view={view} after={cursor} changes={changes} />;

  return (
    <Page reading={reading} end={page?.pageInfo} next={next}>
      {page && after === null && (
        <li className={styles.count} aria-live="polite">
          {page.nodes.length === 0 ? emptiness(view.filter) : `${page.totalCount} ${page.totalCount === 1 ? 'todo' : 'todos'}`}
        </li>
      )}
      {page?.nodes.map((todo) => (
        <TodoItem key={todo.id} todo={todo} />
      ))}
    </Page>
  );
}

function emptiness({ completed, text }: TodoPageProps['view']['filter']) {
  if (text) return `Nothing contains “${text}”.`;
  return completed ? 'Nothing is done yet.' : 'Nothing to do. Enjoy it, or add something above.';
}
