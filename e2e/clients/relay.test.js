/** Relay: its compiler takes the schema, and its runtime what the server answers to what was compiled. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createClient } from 'graphql-ws';
import relay from 'relay-runtime';
import WebSocket from 'ws';

import { startServer } from '../server.js';
import { Changes, createTodo, updateTodo } from './changes.js';

const { commitMutation, ConnectionHandler, createOperationDescriptor, Environment, fetchQuery, getSingularSelector } = relay;
const { Network, Observable, RecordSource, requestSubscription, Store } = relay;

const COMPILER = fileURLToPath(import.meta.resolve('relay-compiler/cli.js'));
const SCHEMA = fileURLToPath(new URL('../../schema.graphql', import.meta.url));
const PERSISTED = 'persisted_queries.json';
const DOCUMENTS = fileURLToPath(new URL('relay/documents.js', import.meta.url));

/** Compiles the documents, and returns the folder of what became of them and how to load that. */
async function compile(settings) {
    const folder = await mkdtemp(join(tmpdir(), 'tidewater-relay-'));
    after(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, 'artifacts'));
    await copyFile(SCHEMA, join(folder, 'schema.graphql'));
    await copyFile(DOCUMENTS, join(folder, 'documents.js'));
    await writeFile(join(folder, PERSISTED), '{}');
    const where = { src: '.', schema: 'schema.graphql', artifactDirectory: 'artifacts' };
    const configuration = { ...where, language: 'javascript', eagerEsModules: false, ...settings };
    await writeFile(join(folder, 'relay.config.json'), JSON.stringify(configuration));
    await promisify(execFile)(process.execPath, [COMPILER, '--noWatchman'], { cwd: folder });
    const require = createRequire(join(folder, 'artifacts', 'index.js'));
    return { folder, artifact: (name) => require(`./documents${name}.graphql.js`) };
}

const server = await startServer({ after });
const token = await server.signIn();
const Authorization = `Bearer ${token}`;
const { artifact } = await compile();

/** An environment that sends texts, and subscribes by WebSocket; as Relay's documentation has it. */
function connect(t, { at = server, body = ({ text }) => ({ query: text }), headers = { Authorization } } = {}) {
    const sockets = createClient({ url: at.socket, webSocketImpl: WebSocket, connectionParams: headers });
    t.after(() => sockets.dispose());
    const answer = async (request, variables) => {
        const sent = JSON.stringify({ ...body(request), operationName: request.name, variables });
        const how = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: sent };
        const response = await fetch(at.graphql, how);
        return response.json();
    };
    const subscribe = ({ name, text }, variables) =>
        Observable.create((sink) => sockets.subscribe({ operationName: name, query: text, variables }, sink));
    return new Environment({ network: Network.create(answer, subscribe), store: new Store(new RecordSource()) });
}

/** Asks, and keeps the answer in the store for as long as the test runs. */
async function ask(t, environment, query, variables) {
    const { dispose } = environment.retain(createOperationDescriptor(query, variables));
    t.after(dispose);
    return fetchQuery(environment, query, variables, { fetchPolicy: 'network-only' }).toPromise();
}

/** Executes a mutation, and returns what it answered. */
const mutate = (environment, name, variables, more) =>
    new Promise((resolve, reject) => {
        const mutation = artifact(name);
        const onCompleted = (answer, errors) => (errors ? reject(errors[0]) : resolve(answer));
        commitMutation(environment, { mutation, variables, onCompleted, onError: reject, ...more });
    });

/** What a query or a fragment shows of the store now. */
const shown = (environment, query, variables) =>
    environment.lookup(createOperationDescriptor(query, variables).fragment).data;

test('an object is read again by its id, whatever it is', async (t) => {
    const id = await createTodo(server, token, 'by node');
    const { node } = await ask(t, connect(t), artifact('TodoQuery'), { id });
    assert.deepEqual(node, { id, text: 'by node', remindAt: null });
    assert.equal((await ask(t, connect(t, { headers: {} }), artifact('TodoQuery'), { id })).node, null);
});

test('a connection is read by pages, appended to and deleted from', async (t) => {
    for (let number = 1; number <= 5; number++) await createTodo(server, token, `page item ${number}`);
    const environment = connect(t);
    const variables = { text: 'page item' };
    const query = artifact('TodosQuery');
    const { viewer } = await ask(t, environment, query, variables);
    const connection = () => {
        const selector = getSingularSelector(artifact('Todos_user'), viewer);
        return environment.lookup(selector).data.todos;
    };
    const texts = () => connection().edges.map(({ node }) => node.text);
    assert.deepEqual(texts(), ['page item 1', 'page item 2']);

    let pages = 1;
    for (; connection().pageInfo.hasNextPage && pages < 9; pages++) {
        const next = { ...variables, id: viewer.__id, count: 2, cursor: connection().pageInfo.endCursor };
        await ask(t, environment, artifact('TodosPageQuery'), next);
    }
    assert.deepEqual(texts(), [1, 2, 3, 4, 5].map((number) => `page item ${number}`));
    assert.equal(pages, 3);

    const filters = { filter: variables };
    const connections = [ConnectionHandler.getConnectionID(viewer.__id, 'documents_todos', filters)];
    const created = await mutate(environment, 'CreateMutation', { input: { text: 'page item 6' }, connections });
    assert.deepEqual(texts().slice(4), ['page item 5', 'page item 6']);
    await mutate(environment, 'DeleteMutation', { input: { id: created.createTodo.todo.id }, connections });
    assert.deepEqual(texts().slice(4), ['page item 5']);
});

test('shows at once what a mutation is going to answer, and takes it back when it fails', async (t) => {
    const id = await createTodo(server, token, 'as it was');
    const environment = connect(t);
    await ask(t, environment, artifact('TodoQuery'), { id });
    const text = () => shown(environment, artifact('TodoQuery'), { id }).node.text;
    const optimisticResponse = { updateTodo: { todo: { id, text: 'as hoped' } } };

    const refused = mutate(environment, 'UpdateMutation', { input: { id, text: '' } }, { optimisticResponse });
    assert.equal(text(), 'as hoped');
    await assert.rejects(refused, ({ source }) => {
        assert.deepEqual(source.errors[0].extensions, { code: 'BAD_USER_INPUT', field: 'text' });
        return true;
    });
    assert.equal(text(), 'as it was');

    const done = mutate(environment, 'UpdateMutation', { input: { id, text: 'as it is' } }, { optimisticResponse });
    assert.equal(text(), 'as hoped');
    await done;
    assert.equal(text(), 'as it is');
});

test('brings its store up to date with what it is told', async (t) => {
    const id = await createTodo(server, token, 'before');
    const environment = connect(t);
    await ask(t, environment, artifact('TodoQuery'), { id });
    const changes = new Changes();
    const { next, error, complete } = changes.sink;
    const onNext = (data) => next({ data });
    const subscription = artifact('ChangedSubscription');
    const following = { subscription, variables: {}, onNext, onError: error, onCompleted: complete };
    const { dispose } = requestSubscription(environment, following);
    t.after(dispose);
    await changes.begun(server, token);

    await updateTodo(server, token, id, 'after');

    assert.equal((await changes.nextTodo()).node.text, 'after');
    assert.equal(shown(environment, artifact('TodoQuery'), { id }).node.text, 'after');
});

test('a server trusts the documents that the compiler writes to a file, and no others', async (t) => {
    const { folder, artifact: persisted } = await compile({ persistConfig: { file: PERSISTED } });
    const settings = ['--trusted-documents', join(folder, PERSISTED), '--trusted-documents-only'];
    const strict = await startServer(t, { argumentsGiven: settings });
    const environment = connect(t, { at: strict, headers: {}, body: ({ id }) => ({ documentId: id }) });
    const query = persisted('TodoQuery');
    assert.equal(query.params.text, null);

    const { node } = await ask(t, environment, query, { id: 'todo_00000000000000000000000000' });
    assert.equal(node, null);
    await assert.rejects(strict.ask('{ viewer { email } }'), /DOCUMENT_NOT_TRUSTED/);
});
