// What every peer is told by its environment, and how it says that it is there.

function required(name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

export const host = '127.0.0.1'
export const port = Number(required('PORT'))
export const databaseUrl = required('DATABASE_URL')
export const redisUrl = required('REDIS_URL')
export const connections = 10

/** For how many seconds one object may be kept, and for how many a list. */
export const itemSeconds = 600
export const listSeconds = 300

export function ready() {
  process.stdout.write('ready\n')
}
