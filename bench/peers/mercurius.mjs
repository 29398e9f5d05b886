// Fastify and Mercurius, compiling queries at their first use, with the loaders that it brings; what resolvers answer is kept in
// Redis with the objects that it shows, and goes when one of these is changed through this API.
import Fastify from 'fastify'
import Redis from 'ioredis'
import mercurius from 'mercurius'
import cache from 'mercurius-cache'
import { inOrder, roots, typeDefs } from './lib/api.mjs'
import { open } from './lib/plain.mjs'
import { host, itemSeconds, listSeconds, port, ready, redisUrl } from './lib/settings.mjs'

const source = await open()
// Commands of one turn of the event loop go to Redis together.
const redis = new Redis(redisUrl, { enableAutoPipelining: true })
const app = Fastify({ logger: false })

const distinct = (queries, key) => [...new Set(queries.map(key))]

await app.register(mercurius, {
  schema: typeDefs,
  resolvers: roots(source),
  loaders: {
    Todo: {
      user: async (queries) => {
        const key = ({ obj }) => obj.userId
        return inOrder(queries.map(key), await source.users(distinct(queries, key)), 'id')
      },
    },
    User: {
      profile: async (queries) => {
        const key = ({ obj }) => obj.id
        return inOrder(queries.map(key), await source.profiles(distinct(queries, key)), 'userId')
      },
    },
  },
  jit: 1,
  graphiql: false,
})

await app.register(cache, {
  ttl: itemSeconds,
  storage: {
    type: 'redis',
    options: { client: redis, invalidation: { referencesTTL: itemSeconds + 1 } },
  },
  policy: {
    Query: {
      todo: { key: ({ arg }) => arg.id, references: ({ arg }) => [arg.id] },
      user: { key: ({ arg }) => arg.id, references: ({ arg }) => [arg.id] },
    },
    User: {
      todos: {
        ttl: listSeconds,
        key: ({ self, arg }) => `${self.id}:${arg.first}`,
        references: ({ self }, _, list) => [`todos:${self.id}`, ...list.nodes.map((todo) => todo.id)],
      },
      profile: { key: ({ self }) => self.id, references: ({ self }) => [`profile:${self.id}`] },
    },
    Todo: {
      user: { key: ({ self }) => self.userId, references: ({ self }) => [self.userId] },
    },
    Mutation: {
      updateTodo: { invalidate: (_, { input }) => [input.id] },
    },
  },
})

await app.listen({ host, port })
ready()
