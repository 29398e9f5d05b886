// Reads and writes with plain `pg`. Every statement is named, so that it is parsed and planned once for each connection.
import pg from 'pg'
import { connections, databaseUrl } from './settings.mjs'
import * as shapes from './shapes.mjs'
import { decode } from './typeid.mjs'

const TODO = `id, user_id AS "userId", text, notes, completed, priority, due_at AS "dueAt", created_at AS "createdAt",
  updated_at AS "updatedAt"`
const USER = 'id, name, created_at AS "createdAt"'
const PROFILE = 'user_id AS "userId", bio, avatar_url AS "avatarUrl", updated_at AS "updatedAt"'

const STATEMENTS = {
  todo: `SELECT ${TODO} FROM todo WHERE id = $1`,
  todosOf: `SELECT ${TODO} FROM todo WHERE user_id = $1 ORDER BY created_at, id LIMIT $2`,
  users: `SELECT ${USER} FROM "user" WHERE id = ANY($1::uuid[])`,
  profiles: `SELECT ${PROFILE} FROM profile WHERE user_id = ANY($1::uuid[])`,
  updateTodo: `UPDATE todo SET
      text = coalesce($2, text),
      completed = coalesce($3, completed),
      priority = coalesce($4, priority),
      notes = CASE WHEN $5::boolean THEN $6 ELSE notes END,
      due_at = CASE WHEN $7::boolean THEN $8::timestamptz ELSE due_at END,
      updated_at = now()
    WHERE id = $1 RETURNING ${TODO}`,
}

const TIMESTAMPTZ = pg.types.builtins.TIMESTAMPTZ
// A `Date` has no microseconds, and would have to be made text again.
const types = {
  getTypeParser: (oid, format) => (oid === TIMESTAMPTZ ? (text) => text : pg.types.getTypeParser(oid, format)),
}

export async function open() {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections, types, options: '-c TimeZone=UTC' })
  const ask = async (name, values, shape) => {
    const { rows } = await pool.query({ name, text: STATEMENTS[name], values })
    return rows.map(shape)
  }
  const one = async (...question) => (await ask(...question))[0] ?? null
  await pool.query('SELECT 1')
  return {
    todo: (id) => one('todo', [decode('todo', id)], shapes.todo),
    todosOf: (userId, first) => ask('todosOf', [decode('user', userId), first], shapes.todo),
    users: (ids) => ask('users', [ids.map((id) => decode('user', id))], shapes.user),
    profiles: (userIds) => ask('profiles', [userIds.map((id) => decode('user', id))], shapes.profile),
    updateTodo: ({ id, text, completed, priority, notes, dueAt }) => {
      const values = [decode('todo', id), text, completed, shapes.rank(priority)]
      values.push(notes !== undefined, notes, dueAt !== undefined, dueAt)
      return one('updateTodo', values, shapes.todo)
    },
  }
}
