import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import compiler from 'relay-compiler'

import { read } from '../schema.js'

/** Compiles the sources of `clients` against `schema`; answers what is generated. */
async function compile(context, schema) {
  const root = await mkdtemp(join(tmpdir(), 'tidewater-relay-'))
  context.after(() => rm(root, { recursive: true }))
  await mkdir(join(root, 'generated'))
  await cp(new URL('../clients', import.meta.url).pathname, join(root, 'clients'), { recursive: true })
  await writeFile(join(root, 'schema.graphql'), schema)
  const configuration = {
    src: './clients',
    schema: './schema.graphql',
    language: 'typescript',
    artifactDirectory: './generated',
    customScalarTypes: { DateTime: 'string' },
  }
  await writeFile(join(root, 'relay.config.json'), JSON.stringify(configuration))
  await promisify(execFile)(compiler, ['relay.config.json'], { cwd: root, timeout: 60_000 })
  const generated = {}
  for (const name of await readdir(join(root, 'generated'))) {
    generated[name] = await readFile(join(root, 'generated', name), 'utf8')
  }
  return generated
}

test('Relay compiles what applications ask, and can read every node again', async (context) => {
  const generated = await compile(context, await read())
  // Of a fragment on a node, `node(id:)` is the query that reads it again.
  assert.match(generated['todosPageQuery.graphql.ts'], /node\(id: \$id\)/)
  assert.match(generated['todosSingleQuery.graphql.ts'], /node\(id: \$id\)/)
  assert.match(generated['todos_list.graphql.ts'], /"direction": "forward"/)
  assert.match(generated['todos_backward.graphql.ts'], /"direction": "backward"/)
})

for (const [what, part, replacement, said] of [
  ['a page that does not tell where it ends', /"The cursor of the last item\."\s*endCursor: String/, '', /expose a 'pageInfo { endCursor }'/],
  ['a connection without its way back', /"Only what comes before this cursor\."\s*before: String/g, '', /Unknown argument 'before'/],
  ['a node that cannot be read again', 'type User implements Node {', 'type User {', /Invalid use of @refetchable/],
]) {
  test(`Relay does not take ${what}`, async (context) => {
    const schema = await read()
    const changed = schema.replace(part, replacement)
    assert.notEqual(changed, schema)
    await assert.rejects(compile(context, changed), said)
  })
}
