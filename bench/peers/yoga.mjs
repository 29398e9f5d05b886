// GraphQL Yoga over Prisma, with whole responses kept in Redis; one goes when an object that it shows is in a mutation's answer.
import { createServer } from 'node:http'
import { useResponseCache } from '@graphql-yoga/plugin-response-cache'
import { createRedisCache } from '@envelop/response-cache-redis'
import { createSchema, createYoga } from 'graphql-yoga'
import Redis from 'ioredis'
import { context, resolvers, typeDefs } from './lib/api.mjs'
import { open } from './lib/prisma.mjs'
import { host, itemSeconds, listSeconds, port, ready, redisUrl } from './lib/settings.mjs'

const source = await open()
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: resolvers(source) }),
  context: () => context(source),
  graphiql: false,
  landingPage: false,
  logging: 'error',
  plugins: [
    useResponseCache({
      session: () => null,
      ttl: itemSeconds * 1000,
      ttlPerSchemaCoordinate: { 'User.todos': listSeconds * 1000 },
      cache: createRedisCache({ redis: new Redis(redisUrl, { enableAutoPipelining: true }) }),
    }),
  ],
})
createServer(yoga).listen(port, host, ready)
