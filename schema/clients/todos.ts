// What an application with Relay asks of the API.
import { graphql } from 'relay-runtime'

export const todo = graphql`
  fragment todos_todo on Todo {
    id
    text
    completed
    priority
    dueAt
    tags(first: 5) {
      nodes {
        name
      }
    }
  }
`

export const list = graphql`
  fragment todos_list on User
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "todosPageQuery") {
    todos(first: $count, after: $after, filter: { completed: false }) @connection(key: "todos_list_todos") {
      totalCount
      edges {
        node {
          ...todos_todo
        }
      }
    }
  }
`

export const backward = graphql`
  fragment todos_backward on User
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, before: { type: "String" })
  @refetchable(queryName: "todosPageBackQuery") {
    notes(last: $count, before: $before, orderBy: [{ field: UPDATED_AT, direction: DESC }])
      @connection(key: "todos_backward_notes") {
      edges {
        node {
          title
        }
      }
    }
  }
`

export const viewer = graphql`
  query todosViewerQuery {
    viewer {
      name
      ...todos_list
      ...todos_backward
    }
  }
`

export const single = graphql`
  fragment todos_single on Todo @refetchable(queryName: "todosSingleQuery") {
    ...todos_todo
  }
`

export const any = graphql`
  query todosNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) {
      __typename
      id
      ... on Note {
        title
      }
    }
  }
`

export const create = graphql`
  mutation todosCreateMutation($input: CreateTodoInput!, $connections: [ID!]!) {
    createTodo(input: $input) {
      todo @appendNode(connections: $connections, edgeTypeName: "TodoEdge") {
        ...todos_todo
      }
    }
  }
`

export const remove = graphql`
  mutation todosRemoveMutation($input: DeleteTodoInput!, $connections: [ID!]!) {
    deleteTodo(input: $input) {
      deletedId @deleteRecord @deleteEdge(connections: $connections)
    }
  }
`

export const changes = graphql`
  subscription todosChangesSubscription {
    todoChanged {
      kind
      nodeId
      node {
        ...todos_todo
      }
    }
  }
`
