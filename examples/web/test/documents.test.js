/** That the server takes the file which codegen writes of what the app asks for, as trusted documents, and then nothing else. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { generate, loadCodegenConfig } from '@graphql-codegen/cli';
import { getOperationAST, parse } from 'graphql';

import { PASSWORD, startServer, USER } from '../../../e2e/server.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILE = 'persisted-documents.json';

/** What queries need. */
const VARIABLES = { TodoPage: { tag: '', isTagged: false }, NotePage: { isMine: true } };

/** What codegen writes where it is told to persist documents, of the app as it is. */
async function persisted() {
  const { config } = await loadCodegenConfig({ configFilePath: join(ROOT, 'codegen.ts') });
  const [[folder, output]] = Object.entries(config.generates);
  const persisting = { ...output, presetConfig: { ...output.presetConfig, persistedDocuments: true } };
  const files = await generate({ ...config, cwd: ROOT, generates: { [folder]: persisting } }, false);
  return files.find(({ filename }) => filename.endsWith(FILE)).content;
}

const content = await persisted();
const documents = Object.entries(JSON.parse(content)).map(([id, text]) => {
  const operation = getOperationAST(parse(text));
  return { id, text, operation, name: operation.name.value };
});
const named = (wanted) => documents.find(({ name }) => name === wanted);
const folder = await mkdtemp(join(tmpdir(), 'tidewater-documents-'));
after(() => rm(folder, { recursive: true }));
const path = join(folder, FILE);
await writeFile(path, content);
const server = await startServer({ after }, { argumentsGiven: ['--trusted-documents', path, '--trusted-documents-only'] });

function ask(request, headers = {}) {
  const sent = { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers };
  return fetch(server.graphql, { method: 'POST', headers: sent, body: JSON.stringify(request) });
}

/** Signs a user of the demo in, by the app's own document. */
async function signIn() {
  const variables = { input: { email: USER, password: PASSWORD } };
  const response = await ask({ documentId: named('SignIn').id, variables });
  assert.ok((await response.json()).data.signIn.viewer.id);
  return response.headers.get('set-cookie').split(';')[0];
}

const ofKind = (kind) => documents.filter(({ operation }) => operation.operation === kind);

test('each document is answered by its identifier', async () => {
  const cookie = await signIn();
  for (const { id, name } of ofKind('query')) {
    const { data, errors } = await (await ask({ documentId: id, variables: VARIABLES[name] }, { cookie })).json();
    assert.ok(data?.viewer && !errors, `${name}: ${JSON.stringify(errors)}`);
  }
  for (const { id, name } of ofKind('subscription')) {
    const { body } = await ask({ documentId: id }, { cookie, accept: 'text/event-stream' });
    const { value } = await body.getReader().read();
    assert.equal(new TextDecoder().decode(value), ':\n\n', `${name} has not begun`);
  }
  for (const { id, name, operation } of ofKind('mutation')) {
    // What it lacks is known only of a document that is.
    const isWhole = operation.variableDefinitions.length === 0;
    const { errors } = await (await ask({ documentId: id }, { cookie })).json();
    assert.equal(errors?.[0].extensions.code, isWhole ? undefined : 'BAD_USER_INPUT', name);
  }
});

test('nothing else is answered, by name or by text', async () => {
  const { text } = named('Viewer');
  assert.ok((await (await ask({ query: text })).json()).data, 'it is the text of one of them');
  for (const [request, code] of [
    [{ query: '{ viewer { id } }' }, 'DOCUMENT_NOT_TRUSTED'],
    [{ query: `${text} ` }, 'DOCUMENT_NOT_TRUSTED'],
    [{ documentId: 'unknown' }, 'PERSISTED_QUERY_NOT_FOUND'],
  ]) {
    const { data, errors } = await (await ask(request)).json();
    assert.equal(data, undefined);
    assert.equal(errors[0].extensions.code, code);
  }
});
