import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { codegen } from '@graphql-codegen/core'
import * as kotlin from '@graphql-codegen/kotlin'
import * as operations from '@graphql-codegen/typescript-operations'
import { parse } from 'graphql'
import typescript from 'typescript'

import { read } from '../schema.js'

const folder = new URL('../clients/', import.meta.url)

async function generate(filename, plugin, config, documents = []) {
  const plugins = [{ plugin: config }]
  return codegen({ filename, schema: parse(await read()), documents, plugins, pluginMap: { plugin }, config: {} })
}

test('TypeScript gets types that say what may be null', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'tidewater-codegen-'))
  context.after(() => rm(root, { recursive: true }))
  const document = parse(await readFile(new URL('notes.graphql', folder), 'utf8'))
  const documents = [{ location: 'notes.graphql', document }]
  const config = { scalars: { DateTime: 'string', ID: 'string' }, strictScalars: true }
  await writeFile(join(root, 'generated.ts'), await generate('generated.ts', operations, config, documents))
  await cp(new URL('notes.ts', folder), join(root, 'notes.ts'))
  const options = { strict: true, noEmit: true, target: typescript.ScriptTarget.ES2022, types: [] }
  const program = typescript.createProgram([join(root, 'notes.ts')], options)
  const found = typescript.getPreEmitDiagnostics(program)
  assert.deepEqual(
    found.map(({ messageText }) => typescript.flattenDiagnosticMessageText(messageText, '\n')),
    [],
  )
})

test('Kotlin gets inputs whose fields are required where the schema says so', async () => {
  const config = { package: 'example', scalars: { DateTime: 'String', ID: 'String' } }
  const source = await generate('Inputs.kt', kotlin.default ?? kotlin, config)
  assert.match(source, /data class CreateNoteInput\(\s*val title: String,\s*val body: String,\s*val visibility: Visibility = /)
  assert.match(source, /val dueAt: String\? = null/)
  assert.match(source, /enum class Priority\(.*?Low\("LOW"\)/s)
})
