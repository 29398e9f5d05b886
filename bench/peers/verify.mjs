// verify.mjs TIDEWATER_URL TOKEN PEER_URL [invalidates|expires|uncached]
//
// Asks Tidewater and a peer over the same database the same, and compares what they answer. TOKEN is an administrator's. Then
// changes todos through the peer: what it had not kept must show the change at once, and, unless it only lets answers expire,
// what it had kept must within a second. Puts everything back.
import assert from 'node:assert/strict'

const [tidewater, token, peer, kind] = process.argv.slice(2)
if (!peer) {
  console.error('usage: node verify.mjs TIDEWATER_URL TOKEN PEER_URL [invalidates|expires|uncached]')
  process.exit(2)
}

const W1 = 'query W1($id: ID!){ todo(id:$id){ id text completed user{ id name } } }'
const W2 =
  'query W2($u: ID!){ user(id:$u){ todos(first:20){ nodes{ id text completed createdAt user{ id name profile{ bio } } } } } }'
const WM = 'mutation M($input: UpdateTodoInput!){ updateTodo(input:$input){ todo{ id text } } }'
const IDS = 'query($after: String){ todos(first:100, after:$after){ nodes{ id user{ id } } pageInfo{ endCursor } } }'
const ABSENT = '01h455vb4pex5vsknk084sn02q'
const COMPARED = 200
const PAGES = 20
const PATIENCE = 1_000

async function ask(url, query, variables) {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = await response.json()
  assert.equal(errors, undefined, `${url} answers ${JSON.stringify(errors)}`)
  return data
}

async function same(query, variables) {
  const [ours, theirs] = await Promise.all([ask(tidewater, query, variables), ask(peer, query, variables)])
  assert.equal(JSON.stringify(theirs), JSON.stringify(ours))
  return ours
}

async function change(id, text) {
  const { updateTodo } = await ask(peer, WM, { input: { id, text } })
  assert.deepEqual(updateTodo, { todo: { id, text } })
}

/** Whether both kinds of read show `text` as the todo's. */
async function shows({ id, user }, text) {
  const { todo } = await ask(peer, W1, { id })
  const { nodes } = (await ask(peer, W2, { u: user.id })).user.todos
  const listed = nodes.find((node) => node.id === id)
  assert.ok(listed, 'the todo is in the list')
  return todo.text === text && listed.text === text
}

function shuffled(items) {
  return items.map((item) => [Math.random(), item]).sort(([one], [other]) => one - other).map(([, item]) => item)
}

const todos = []
for (let page = 0, after = null; page < PAGES; page += 1) {
  const { nodes, pageInfo } = (await ask(tidewater, IDS, { after })).todos
  todos.push(...nodes)
  after = pageInfo.endCursor
  if (nodes.length < 100) break
}
const [untouched, kept, ...others] = shuffled(todos)
assert.ok(others.length > 0, 'there are todos to ask for')
const compared = others.filter(({ user }) => user.id !== untouched.user.id && user.id !== kept.user.id).slice(0, COMPARED)

// Twice: from the database, and from what is kept of that.
for (let turn = 0; turn < 2; turn += 1) {
  for (const { id, user } of compared) {
    await same(W1, { id })
    const { nodes } = (await same(W2, { u: user.id })).user.todos
    assert.ok(nodes.length > 0, 'the user has todos')
  }
  await same(W1, { id: `todo_${ABSENT}` })
  await same(W2, { u: `user_${ABSENT}` })
}
console.log(`${compared.length} todos and the lists of their users: the same answers, twice`)

const text = `changed by verify.mjs at ${new Date().toISOString()}`
const before = async ({ id }) => (await ask(tidewater, W1, { id })).todo.text

const untouchedBefore = await before(untouched)
await change(untouched.id, text)
assert.ok(await shows(untouched, text), 'a change shows where nothing was kept')
await same(W1, { id: untouched.id })
await same(W2, { u: untouched.user.id })
await change(untouched.id, untouchedBefore)
console.log('a change shows where nothing was kept, and Tidewater sees it too')

const keptBefore = await before(kept)
assert.ok(await shows(kept, keptBefore))
await change(kept.id, text)
const changed = performance.now()
const atOnce = await shows(kept, text)
let seen = atOnce
// A plugin may take old answers back after it has answered the mutation.
while (!seen && performance.now() - changed < PATIENCE) seen = await shows(kept, text)
await change(kept.id, keptBefore)
const when = atOnce ? 'at once' : 'in a moment, though not in the next answer'
console.log(`where an old answer was kept, ${seen ? `the change shows ${when}` : 'it goes on showing'}`)
if (kind) assert.equal(seen, kind !== 'expires', `the peer ${kind}`)
