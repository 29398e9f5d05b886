import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { composeServices } from '@apollo/composition'
import { buildSchema, parse } from 'graphql'

import { read } from '../schema.js'

const binary = process.env.TIDEWATER_BINARY ?? new URL('../../target/debug/tidewater', import.meta.url).pathname

/** A small service of projects, which belong to users and have todos, and lists them as Relay does. */
const PROJECTS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
  type Query { projects(first: Int, after: String): ProjectConnection! }
  type ProjectConnection { edges: [ProjectEdge!]! pageInfo: PageInfo! }
  type ProjectEdge { node: Project! cursor: String! }
  type PageInfo @shareable {
    hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
  }
  type Project @key(fields: "id") { id: ID! name: String! owner: User! todos: [Todo!]! }
  type User @key(fields: "id", resolvable: false) { id: ID! }
  type Todo @key(fields: "id") { id: ID! project: Project }
`

/** The schema that the server gives to routers. */
const subgraph = async () => (await promisify(execFile)(binary, ['schema', '--federation'])).stdout

/** What is wrong with the supergraph of both services, and the supergraph if nothing is. */
function compose(tidewater, projects) {
  const { errors = [], supergraphSdl } = composeServices([
    { name: 'tidewater', url: 'http://tidewater.test/graphql', typeDefs: parse(tidewater) },
    { name: 'projects', url: 'http://projects.test/graphql', typeDefs: parse(projects) },
  ])
  return { codes: errors.map(({ extensions }) => extensions.code), supergraphSdl }
}

test('the subgraph composes with another one, whose types refer to its nodes', async () => {
  const { codes, supergraphSdl } = compose(await subgraph(), PROJECTS)
  assert.deepEqual(codes, [])
  const types = buildSchema(supergraphSdl, { assumeValidSDL: true }).getTypeMap()
  const client = buildSchema(await read())
  for (const [name, type] of Object.entries(client.getTypeMap())) {
    const fields = Object.keys(type.getFields?.() ?? {})
    assert.deepEqual(fields.filter((field) => !types[name].getFields()[field]), [], name)
  }
  assert.equal(String(types.Todo.getFields().project.type), 'Project')
})

for (const [what, part, replacement, code] of [
  ['a page that others describe, too', 'type PageInfo @shareable', 'type PageInfo', 'INVALID_FIELD_SHARING'],
  ['a node that cannot be referred to', 'extend type User @key(fields: "id")', '', 'INVALID_FIELD_SHARING'],
]) {
  test(`a supergraph does not come about with ${what}`, async () => {
    const schema = await subgraph()
    const changed = schema.replace(part, replacement)
    assert.notEqual(changed, schema)
    assert.deepEqual([...new Set(compose(changed, PROJECTS).codes)], [code])
  })
}
