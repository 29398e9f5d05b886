// Apollo Server with its response cache in Redis. The plugin cannot take an answer back: it shows until its time is up.
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl'
import responseCache from '@apollo/server-plugin-response-cache'
import { startStandaloneServer } from '@apollo/server/standalone'
import { KeyvAdapter } from '@apollo/utils.keyvadapter'
import KeyvRedis from '@keyv/redis'
import { Keyv } from 'keyv'
import { context, resolvers, typeDefs } from './lib/api.mjs'
import { open } from './lib/plain.mjs'
import { host, itemSeconds, listSeconds, port, ready, redisUrl } from './lib/settings.mjs'

const hints = /* GraphQL */ `
  enum CacheControlScope { PUBLIC PRIVATE }

  directive @cacheControl(
    maxAge: Int
    scope: CacheControlScope
    inheritMaxAge: Boolean
  ) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION

  extend type Todo @cacheControl(maxAge: ${itemSeconds})
  extend type User @cacheControl(maxAge: ${itemSeconds})
  extend type Profile @cacheControl(maxAge: ${itemSeconds})
  extend type TodoConnection @cacheControl(maxAge: ${listSeconds})
`

const source = await open()
const server = new ApolloServer({
  typeDefs: [typeDefs, hints],
  resolvers: resolvers(source),
  introspection: false,
  cache: new KeyvAdapter(new Keyv({ store: new KeyvRedis(redisUrl) })),
  plugins: [ApolloServerPluginCacheControl({ calculateHttpHeaders: false }), responseCache()],
})
await startStandaloneServer(server, { listen: { host, port }, context: async () => context(source) })
ready()
