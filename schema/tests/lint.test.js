import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { ESLint } from 'eslint'
import { buildSchema, isInterfaceType, isObjectType, isScalarType, isSpecifiedScalarType } from 'graphql'

import { read } from '../schema.js'

const overrideConfigFile = new URL('../eslint.config.js', import.meta.url).pathname

/** Which rules the schema breaks, each once. */
async function broken(schema) {
  const cwd = await mkdtemp(join(tmpdir(), 'tidewater-lint-'))
  try {
    const file = join(cwd, 'schema.graphql')
    await writeFile(file, schema)
    const overrideConfig = { languageOptions: { parserOptions: { graphQLConfig: { schema: file } } } }
    const [{ messages }] = await new ESLint({ cwd, overrideConfigFile, overrideConfig }).lintFiles('schema.graphql')
    return [...new Set(messages.map(({ ruleId, message, line }) => ruleId?.split('/')[1] ?? `${line}: ${message}`))]
  } finally {
    await rm(cwd, { recursive: true })
  }
}

test('the schema is clean', async () => {
  assert.deepEqual(await broken(await read()), [])
})

test('every scalar that is not of the specification tells by what it is specified', async () => {
  const types = Object.values(buildSchema(await read()).getTypeMap())
  const scalars = types.filter((type) => isScalarType(type) && !isSpecifiedScalarType(type))
  assert.deepEqual(
    scalars.map(({ name, specifiedByURL }) => [name, URL.canParse(specifiedByURL ?? '')]),
    [['DateTime', true]],
  )
})

test('only nodes have ids, by which clients keep them', async () => {
  const types = Object.values(buildSchema(await read()).getTypeMap())
  const composites = types.filter((type) => isObjectType(type) || isInterfaceType(type))
  const identified = composites.filter((type) => type.getFields().id && type.name !== 'Node')
  assert.ok(identified.length > 0)
  for (const type of identified) assert.deepEqual(type.getInterfaces().map(String), ['Node'], type.name)
})

const faults = [
  ['an argument that nobody describes', '"Its id."\n\t\tid: ID!\n\t): Node', 'id: ID!\n\t): Node', 'require-description'],
  ['an enum value that nobody describes', '"It can wait."', '', 'require-description'],
  ['an id that may be null', 'type Todo implements Node {', 'type Draft { "Its id." id: ID } type Todo implements Node {', 'strict-id-in-types'],
  ['a connection that pages one way only', /"At most this many, from the start[^"]*"\s*first: Int,/, '', 'relay-arguments'],
  ['an edge without a cursor', /(type TodoEdge \{.*?)"""[^"]*"""\s*cursor: String!/s, '$1', 'relay-edge-types'],
  ['a connection without information on its page', /(type TodoConnection \{.*?)pageInfo: PageInfo!/s, '$1info: Int!', 'relay-connection-types'],
  ['information on a page that may be missing', 'hasNextPage: Boolean!', 'hasNextPage: Boolean', 'relay-page-info'],
  ['a type that nothing leads to', /$/, '"Lost." enum Lost { "A." A }', 'no-unreachable-types'],
  ['a deprecation without a reason', 'completed: Boolean!', 'completed: Boolean! @deprecated', 'require-deprecation-reason'],
  ['a mutation with another input', 'input: LikeNoteInput!', 'input: UnlikeNoteInput!', 'input-name'],
  ['a name in the wrong case', 'text: String!\n\t"More', 'Text: String!\n\t"More', 'naming-convention'],
]

for (const [what, part, replacement, rule] of faults) {
  test(`${what} is found`, async () => {
    const schema = await read()
    const changed = schema.replace(part, replacement)
    assert.notEqual(changed, schema)
    const rules = await broken(changed)
    assert.ok(rules.includes(rule), rules.join())
  })
}
