// The same reads and writes with Prisma, as its users write them. Its times have no microseconds.
import prismaClient from '@prisma/client'
import { PrismaPg } from '@prisma/adapter-pg'
import { connections, databaseUrl } from './settings.mjs'
import * as shapes from './shapes.mjs'
import { decode } from './typeid.mjs'

/** What Prisma answers when there is no row to update. */
const NO_SUCH_ROW = 'P2025'

export async function open() {
  const adapter = new PrismaPg({ connectionString: databaseUrl, max: connections })
  const prisma = new prismaClient.PrismaClient({ adapter })
  await prisma.$connect()
  const shaped = (row, shape) => (row === null ? null : shape(row))
  return {
    todo: async (id) => shaped(await prisma.todo.findUnique({ where: { id: decode('todo', id) } }), shapes.todo),
    todosOf: async (userId, first) => {
      const where = { userId: decode('user', userId) }
      const rows = await prisma.todo.findMany({ where, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: first })
      return rows.map(shapes.todo)
    },
    users: async (ids) => {
      const where = { id: { in: ids.map((id) => decode('user', id)) } }
      const rows = await prisma.user.findMany({ where, select: { id: true, name: true, createdAt: true } })
      return rows.map(shapes.user)
    },
    profiles: async (userIds) => {
      const where = { userId: { in: userIds.map((id) => decode('user', id)) } }
      return (await prisma.profile.findMany({ where })).map(shapes.profile)
    },
    updateTodo: async ({ id, text, completed, priority, notes, dueAt }) => {
      const due = dueAt == null ? dueAt : new Date(dueAt)
      const data = { text, completed, priority: shapes.rank(priority), notes, dueAt: due, updatedAt: new Date() }
      try {
        return shapes.todo(await prisma.todo.update({ where: { id: decode('todo', id) }, data }))
      } catch (error) {
        if (error.code === NO_SUCH_ROW) return null
        throw error
      }
    },
  }
}
