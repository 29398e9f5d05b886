// The part of Tidewater's API that the measured operations use, and its resolvers for servers that run plain graphql-js.
import DataLoader from 'dataloader'
import { GraphQLError } from 'graphql'

export const typeDefs = /* GraphQL */ `
  scalar DateTime

  enum Priority { LOW MEDIUM HIGH }

  type Query {
    todo(id: ID!): Todo
    user(id: ID!): User
  }

  type Mutation {
    updateTodo(input: UpdateTodoInput!): UpdateTodoPayload!
  }

  type Todo {
    id: ID!
    text: String!
    notes: String
    completed: Boolean!
    priority: Priority!
    dueAt: DateTime
    createdAt: DateTime!
    updatedAt: DateTime!
    user: User!
  }

  type User {
    id: ID!
    name: String!
    profile: Profile
    createdAt: DateTime!
    todos(first: Int = 20): TodoConnection!
  }

  type Profile {
    bio: String!
    avatarUrl: String
    updatedAt: DateTime!
  }

  type TodoConnection {
    nodes: [Todo!]!
  }

  input UpdateTodoInput {
    id: ID!
    text: String
    notes: String
    completed: Boolean
    priority: Priority
    dueAt: DateTime
  }

  type UpdateTodoPayload {
    todo: Todo!
  }
`

const LARGEST_PAGE = 100

/** What resolves the root fields and lists, by reads of `source`. */
export function roots(source) {
  return {
    Query: {
      todo: (_, { id }) => source.todo(id),
      user: async (_, { id }) => (await source.users([id]))[0] ?? null,
    },
    Mutation: {
      updateTodo: async (_, { input }) => {
        const todo = await source.updateTodo(input)
        if (todo === null) throw new GraphQLError('there is no such todo', { extensions: { code: 'NOT_FOUND' } })
        return { todo }
      },
    },
    User: {
      todos: async (user, { first }) => {
        if (first < 0 || first > LARGEST_PAGE) throw new GraphQLError(`first must be between 0 and ${LARGEST_PAGE}`)
        return { nodes: await source.todosOf(user.id, first) }
      },
    },
  }
}

/** `roots`, and the fields that a request's DataLoaders answer. */
export function resolvers(source) {
  const { Query, Mutation, User } = roots(source)
  return {
    Query: { ...Query, user: (_, { id }, { loaders }) => loaders.user.load(id) },
    Mutation,
    Todo: { user: (todo, _, { loaders }) => loaders.user.load(todo.userId) },
    User: { ...User, profile: (user, _, { loaders }) => loaders.profile.load(user.id) },
  }
}

/** The DataLoaders of one request. */
export function context(source) {
  const loaders = {
    user: new DataLoader(async (ids) => inOrder(ids, await source.users(ids), 'id')),
    profile: new DataLoader(async (ids) => inOrder(ids, await source.profiles(ids), 'userId')),
  }
  return { loaders }
}

/** The row of each of `keys`; null where there is none. */
export function inOrder(keys, rows, column) {
  const found = new Map(rows.map((row) => [row[column], row]))
  return keys.map((key) => found.get(key) ?? null)
}
