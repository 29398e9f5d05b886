import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { unannounced } from '../breaking.js'

const SCHEMA = 'enum Role { USER ADMIN } type Query { role: Role todo(id: ID): String note: String }'
const [WITHOUT_NOTE, WITHOUT_TODO] = [SCHEMA.replace('note: String', ''), SCHEMA.replace('todo(id: ID): String', '')]

/** A work tree of a repository whose first commit has the schema. */
async function repository(context) {
  const root = await mkdtemp(join(tmpdir(), 'tidewater-breaking-'))
  context.after(() => rm(root, { recursive: true }))
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.test', '-c', 'commit.gpgsign=false', '-c', 'tag.gpgsign=false']
  const git = (...command) => execFileSync('git', ['-C', root, ...who, ...command], { encoding: 'utf8', stdio: 'pipe' }).trim()
  const write = async (schema, ...unreleased) => {
    await writeFile(join(root, 'schema.graphql'), schema)
    const released = '## [0.1.0] - 2026-01-01\n\n### Changed\n\n- **Breaking:** `Query.todo` is gone.\n'
    await writeFile(join(root, 'CHANGELOG.md'), `# Changelog\n\n## [Unreleased]\n\n${unreleased.join('\n')}\n\n${released}`)
  }
  const commit = async (...contents) => {
    await write(...contents)
    git('add', '.')
    git('commit', '--quiet', '--allow-empty', '--message=change')
  }
  git('init', '--quiet', '--initial-branch=main')
  await commit(SCHEMA)
  return { root, git, write, commit, broken: (base) => unannounced(root, base) }
}

test('what is added breaks nothing', async (context) => {
  const { commit, broken } = await repository(context)
  await commit(SCHEMA.replace('note', 'tag: String note'))
  assert.deepEqual(await broken(), [])
})

test('a field that is gone is to be announced, by its name', async (context) => {
  const { commit, write, broken } = await repository(context)
  const message = ["`Query.note`: Field 'note' was removed from object type 'Query'"]
  await write(WITHOUT_NOTE)
  assert.deepEqual(await broken(), message, 'not committed')
  await commit(WITHOUT_NOTE)
  assert.deepEqual(await broken(), message)
  for (const entry of [
    '### Removed\n\n- `Query.note`.',
    '### Changed\n\n- **Breaking:** notes.',
    '### Changed\n\n- **Breaking:** `Query.notes` is gone.',
    '### Changed\n\n- **Breaking:** much.\n- `Query.note` is gone.',
  ]) {
    await commit(WITHOUT_NOTE, entry)
    assert.deepEqual(await broken(), message, entry)
  }
  await commit(WITHOUT_NOTE, '### Changed', '', '- **Breaking:** there are no notes any more, so there is no\n  `Query.note`.')
  assert.deepEqual(await broken(), [])
  await commit(SCHEMA)
  assert.deepEqual(await broken(), [], 'it is back')
})

test('what an earlier changelog announced announces nothing', async (context) => {
  const { commit, broken } = await repository(context)
  await commit(WITHOUT_TODO)
  assert.equal((await broken()).length, 1)
})

test('every kind of break is found', async (context) => {
  const { write, broken } = await repository(context)
  for (const [part, replacement, path] of [
    ['role: Role', 'role: String', 'Query.role'],
    ['(id: ID)', '', 'Query.todo.id'],
    ['(id: ID)', '(id: ID!)', 'Query.todo.id'],
    ['(id: ID)', '(id: ID, to: ID!)', 'Query.todo.to'],
    ['USER ADMIN', 'USER', 'Role.ADMIN'],
  ]) {
    await write(SCHEMA.replace(part, replacement))
    const [what, ...others] = await broken()
    assert.ok(what?.startsWith(`\`${path}\`: `) && others.length === 0, `${part}: ${what} ${others}`)
    await write(SCHEMA.replace(part, replacement), '### Changed', '', `- **Breaking:** \`${path}\``)
    assert.deepEqual(await broken(), [])
  }
})

test('clients of each version since the last release count, and of none before', async (context) => {
  const { git, commit, broken } = await repository(context)
  await commit(SCHEMA.replace('note', 'tag: String note'))
  await commit(SCHEMA)
  assert.match((await broken()).join(), /^`Query.tag`: [^`]*$/, 'main had it for a while')
  git('tag', '--annotate', '--message=release', 'v0.1.0')
  assert.deepEqual(await broken(), [])
  await commit(WITHOUT_NOTE)
  assert.match((await broken()).join(), /^`Query.note`: [^`]*$/)
  git('tag', 'v0.2.0')
  assert.deepEqual(await broken(), [])
  assert.equal((await broken('v0.1.0')).length, 1, 'a base that is named')
})

test('what was tried on a branch is no promise, and what is merged is', async (context) => {
  const { git, commit, broken } = await repository(context)
  git('switch', '--quiet', '--create', 'branch')
  await commit(SCHEMA.replace('note', 'tried: String note'))
  await commit(SCHEMA.replace('note', 'kept: String note'))
  git('switch', '--quiet', 'main')
  git('merge', '--quiet', '--no-ff', '--message=merge', 'branch')
  assert.deepEqual(await broken(), [])
  await commit(SCHEMA)
  assert.match((await broken()).join(), /^`Query.kept`: [^`]*$/)
})

test('a history that is cut off proves nothing', async (context) => {
  const { root, commit, git } = await repository(context)
  await commit(WITHOUT_NOTE)
  const clone = join(root, 'clone')
  git('clone', '--quiet', '--depth=1', `file://${root}`, clone)
  await assert.rejects(unannounced(clone), /is cut off/)
})
