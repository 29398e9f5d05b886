// Rows as the API shows them, whichever client read them. Ids are public from here on, so that what is cached is what is sent.
import { encode } from './typeid.mjs'

const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH']

/** What the database stores for a priority; absent for none. */
export function rank(priority) {
  return priority == null ? undefined : PRIORITIES.indexOf(priority)
}

export function todo(row) {
  return {
    id: encode('todo', row.id),
    userId: encode('user', row.userId),
    text: row.text,
    notes: row.notes,
    completed: row.completed,
    priority: PRIORITIES[row.priority],
    dueAt: time(row.dueAt),
    createdAt: time(row.createdAt),
    updatedAt: time(row.updatedAt),
  }
}

export function user(row) {
  return { id: encode('user', row.id), name: row.name, createdAt: time(row.createdAt) }
}

export function profile(row) {
  return {
    userId: encode('user', row.userId),
    bio: row.bio,
    avatarUrl: row.avatarUrl,
    updatedAt: time(row.updatedAt),
  }
}

/** RFC 3339 as Tidewater writes it: no fraction, or three digits, or six. Of a `Date`, or of PostgreSQL's own text in UTC. */
function time(value) {
  if (value == null) return null
  const text = value instanceof Date ? value.toISOString() : value
  const [whole, fraction = ''] = text.slice(0, text.search(/(\+00|Z)$/)).replace(' ', 'T').split('.')
  const digits = fraction.replace(/0+$/, '')
  if (digits === '') return `${whole}+00:00`
  return `${whole}.${digits.padEnd(digits.length > 3 ? 6 : 3, '0')}+00:00`
}
