import { useState } from 'react';

import { useLiveQuery } from '../api/useLiveQuery';
import { graphql, readFragment } from '../graphql';
import { Problem } from '../shell/Problem';
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

/**
 * A page of the list, and after it the next one when that is asked for.
 *
 * Each page is read by itself and begins where the one before it ends, so what comes or goes moves all of them on.
 */
export function TodoPage({ view, after, changes }: TodoPageProps) {
  const [hasNext, setHasNext] = useState(false);
  const { data, failure, isReading, read } = useLiveQuery(TodoPageQuery, { ...view, after }, changes);
  const page = readFragment(TodoPageFragment, data?.tag?.todos ?? data?.viewer?.todos);
  const isFirst = after === null;

  if (!page) {
    if (failure) {
      return (
        <li>
          <Problem failure={failure} again={read} />
        </li>
      );
    }
    return isReading ? <li className={styles.loading}>Loading…</li> : null;
  }
  const { nodes, pageInfo, totalCount } = page;
  return (
    <>
      {isFirst && (
        <li className={styles.count} aria-live="polite">
          {nodes.length === 0 ? emptiness(view.filter) : `${totalCount} ${totalCount === 1 ? 'todo' : 'todos'}`}
        </li>
      )}
      {nodes.map((todo) => (
        <TodoItem key={todo.id} todo={todo} />
      ))}
      {failure && (
        <li>
          <Problem failure={failure} again={read} />
        </li>
      )}
      {pageInfo.hasNextPage && hasNext && <TodoPage view={view} after={pageInfo.endCursor ?? null} changes={changes} />}
      {pageInfo.hasNextPage && !hasNext && (
        <li className={styles.more}>
          <button
            type="button"
            onClick={() => {
              setHasNext(true);
            }}
          >
            Show more
          </button>
        </li>
      )}
    </>
  );
}

function emptiness({ completed, text }: TodoPageProps['view']['filter']) {
  if (text) return `Nothing contains “${text}”.`;
  return completed ? 'Nothing is done yet.' : 'Nothing to do. Enjoy it, or add something above.';
}
