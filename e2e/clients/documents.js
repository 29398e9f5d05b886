/** What the suites of clients with normalised caches ask. */

import { parse } from 'graphql';

/** The text of a todo. */
export const TODO = parse(`
    query Todo($id: ID!) {
        todo(id: $id) {
            id
            text
        }
    }
`);

/** A page of the todos that contain a text. */
export const TODOS = parse(`
    query Todos($first: Int, $after: String, $text: String!) {
        todos(first: $first, after: $after, filter: { text: $text }) {
            totalCount
            edges {
                cursor
                node {
                    id
                    text
                }
            }
            pageInfo {
                hasNextPage
                endCursor
            }
        }
    }
`);

/** A change of a todo, and its text then. */
export const UPDATE = parse(`
    mutation Update($input: UpdateTodoInput!) {
        updateTodo(input: $input) {
            todo {
                id
                text
            }
        }
    }
`);
