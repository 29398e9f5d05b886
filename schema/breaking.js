// Fails where the schema breaks a promise that main has made, and CHANGELOG.md does not say so.
//
// What main has promised is every version of schema.graphql that its history (first parents) has had since its last release, a tag
// `v*`, or ever, before the first. `TIDEWATER_SCHEMA_BASE` names another commit to begin with. What breaks a client of any of these
// versions must be named by its path, such as `Todo.text` or `Query.todos.first`, in backticks, by an entry of the section
// Unreleased that begins with **Breaking:**.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

const SCHEMA = 'schema.graphql'

/**
 * What breaks clients of earlier versions and is not named in the changelog, as sentences.
 *
 * @param {string} root the folder of a Git work tree
 * @param {string} [base] the commit with the first version; by default that of the last release, or of the whole history
 */
export async function unannounced(root, base) {
  const git = async (...command) => {
    // A clone may belong to somebody else than whoever checks it.
    const { stdout } = await promisify(execFile)('git', ['-c', 'safe.directory=*', '-C', root, ...command], {
      maxBuffer: 1 << 26,
    })
    return stdout.trim()
  }
  const first = base ?? (await released(git))
  if (!base && (await git('rev-parse', '--is-shallow-repository')) === 'true') {
    throw new Error('The history of schema.graphql is cut off: fetch it with `git fetch --unshallow --tags`.')
  }
  const since = first ? [`${first}..HEAD`] : []
  const commits = await git('log', '--first-parent', '--format=%H', ...since, '--', SCHEMA)
  const versions = await Promise.all(
    [first, ...commits.split('\n')].filter(Boolean).map((commit) => git('show', `${commit}:${SCHEMA}`)),
  )
  const schema = buildSchema(await readFile(join(root, SCHEMA), 'utf8'))
  const named = announced(await readFile(join(root, 'CHANGELOG.md'), 'utf8'))
  const broken = new Map()
  for (const version of new Set(versions)) {
    for (const { criticality, message, path } of await diff(buildSchema(version), schema)) {
      if (criticality.level === CriticalityLevel.Breaking && !named.has(path)) broken.set(path, `\`${path}\`: ${message}`)
    }
  }
  return [...broken.values()]
}

/** The commit of the last release; undefined before the first. */
async function released(git) {
  return git('describe', '--tags', '--abbrev=0', '--match', 'v*').catch(() => undefined)
}

/** The paths that the changelog calls broken in what is not released. */
function announced(changelog) {
  const [, unreleased = ''] = changelog.match(/^## \[Unreleased\]$(.*?)(?=^## |(?![^]))/ms) ?? []
  const entries = unreleased.split(/^(?=- |#)/m).filter((entry) => entry.startsWith('- **Breaking:**'))
  return new Set(entries.flatMap((entry) => [...entry.matchAll(/`([^`]+)`/g)].map(([, name]) => name)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(import.meta.dirname, '..')
  const broken = await unannounced(root, process.env.TIDEWATER_SCHEMA_BASE || undefined)
  for (const what of broken) console.error(`breaks clients: ${what}`)
  if (broken.length > 0) {
    console.error('Name each of these in CHANGELOG.md, under Unreleased, in an entry that begins with `- **Breaking:**`.')
    process.exitCode = 1
  }
}
