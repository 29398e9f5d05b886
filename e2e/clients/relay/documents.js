/** What the test of Relay asks. Only Relay's compiler reads this. */

import { graphql } from 'relay-runtime';

graphql`
    query documentsTodosQuery($text: String!) {
        viewer {
            ...documentsTodos_user @arguments(text: $text)
        }
    }
`;

graphql`
    fragment documentsTodos_user on User
    @argumentDefinitions(text: { type: "String!" }, count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" })
    @refetchable(queryName: "documentsTodosPageQuery") {
        todos(first: $count, after: $cursor, filter: { text: $text }) @connection(key: "documents_todos", filters: ["filter"]) {
            edges {
                node {
                    id
                    text
                }
            }
        }
    }
`;

graphql`
    query documentsTodoQuery($id: ID!) {
        node(id: $id) {
            id
            ... on Todo {
                text
                remindAt
            }
        }
    }
`;

graphql`
    mutation documentsUpdateMutation($input: UpdateTodoInput!) {
        updateTodo(input: $input) {
            todo {
                id
                text
            }
        }
    }
`;

graphql`
    mutation documentsCreateMutation($input: CreateTodoInput!, $connections: [ID!]!) {
        createTodo(input: $input) {
            todo @appendNode(connections: $connections, edgeTypeName: "TodoEdge") {
                id
                text
            }
        }
    }
`;

graphql`
    mutation documentsDeleteMutation($input: DeleteTodoInput!, $connections: [ID!]!) {
        deleteTodo(input: $input) {
            deletedId @deleteEdge(connections: $connections)
        }
    }
`;

graphql`
    subscription documentsChangedSubscription {
        todoChanged {
            kind
            nodeId
            node {
                id
                text
            }
        }
    }
`;
