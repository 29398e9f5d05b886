/** The client of server-sent events, in its mode of distinct connections. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { createClient } from 'graphql-sse';

import { PATIENCE, within } from '../process.js';
import { startPostgres, startServer, USER } from '../server.js';
import { Changes, createTodo, deleteTodo, TODO_CHANGED } from './changes.js';

const VIEWER = '{ viewer { email } }';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });

/** A client that ends with the test. */
function connect(t, options = {}) {
    const client = createClient({ url: server.graphql, retryAttempts: 0, ...options });
    t.after(() => client.dispose());
    return client;
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** Subscribes to the user's todos, and returns when that has begun, which the answer's beginning is the sign of. */
async function follow(client) {
    const changes = new Changes();
    const begun = new Promise((connected) => client.subscribe({ query: TODO_CHANGED }, changes.sink, { connected }));
    await within(begun, 'an event stream begins');
    return changes;
}

/** Like `follow`, and undefined where the server refuses. */
async function followIfAdmitted(client) {
    const changes = new Changes();
    const begun = new Promise((resolve) => {
        client.subscribe({ query: TODO_CHANGED }, changes.sink, { connected: () => resolve(changes) });
    });
    return Promise.race([begun, changes.ended().then(() => undefined)]);
}

/** Executes a query or a mutation. */
async function first(client, payload) {
    for await (const result of client.iterate(payload)) return result;
}

test('tells of each change in order, by mutations and by psql, from the beginning on', async (t) => {
    const token = await server.signIn();
    const changes = await follow(connect(t, { headers: bearer(token) }));

    await changes.followSteps(server, postgres, token, 10);
});

test('answers queries and mutations', async (t) => {
    const token = await server.signIn();
    const client = connect(t, { headers: async () => bearer(token) });

    assert.deepEqual((await first(client, { query: VIEWER })).data, { viewer: { email: USER } });
    const mutation = 'mutation ($text: String!) { createTodo(input: { text: $text }) { todo { id text } } }';
    const { data } = await first(client, { query: mutation, variables: { text: 'by a stream' } });
    assert.equal(data.createTodo.todo.text, 'by a stream');
    await deleteTodo(server, token, data.createTodo.todo.id);
});

test('is signed in by a header and by a cookie, and otherwise nobody', async (t) => {
    const token = await server.signIn();
    for (const [headers, email] of [
        [bearer(token), USER],
        [{ cookie: `tidewater_session=${token}` }, USER],
        [{}, undefined],
    ]) {
        const { data } = await first(connect(t, { headers }), { query: VIEWER });
        assert.equal(data.viewer?.email, email, JSON.stringify(headers));
    }
});

test('an operation that fails says why by a code, and its stream is complete', async (t) => {
    for (const [query, code] of [
        ['{ nonsense }', 'BAD_USER_INPUT'],
        ['{ syntax', 'BAD_USER_INPUT'],
        ['subscription { nonsense }', 'BAD_USER_INPUT'],
        [TODO_CHANGED, 'UNAUTHENTICATED'],
        ['mutation { deleteTodo(input: { id: "todo_00000000000000000000000000" }) { deletedId } }', 'UNAUTHENTICATED'],
    ]) {
        const changes = new Changes();
        connect(t).subscribe({ query }, changes.sink);
        const { errors } = await changes.next();
        assert.equal(errors[0].extensions.code, code, query);
        assert.equal(await changes.ended(), undefined, query);
    }
});

test('what is no longer wanted ends its connection, and its neighbours go on', async (t) => {
    const few = await startServer(t, { environment: { TIDEWATER_MAX_STREAMS: '2' } });
    const token = await few.signIn();
    const client = connect(t, { url: few.graphql, headers: bearer(token) });
    const changes = await follow(client);
    const unwanted = new Changes();
    let leave;
    await new Promise((connected) => {
        leave = client.subscribe({ query: TODO_CHANGED }, unwanted.sink, { connected });
    });
    const refused = new Changes();
    client.subscribe({ query: TODO_CHANGED }, refused.sink);
    const error = await refused.ended();
    assert.equal(error.response.status, 503);

    leave();

    // The server learns that the connection is gone when the kernel tells it.
    const deadline = AbortSignal.timeout(PATIENCE);
    let another;
    do {
        deadline.throwIfAborted();
        another = await followIfAdmitted(client);
    } while (!another);
    const id = await createTodo(few, token, 'for both');
    assert.deepEqual([(await changes.nextTodo()).nodeId, (await another.nextTodo()).nodeId], [id, id]);
    assert.ok(unwanted.isEmpty);
});

test('goes on by itself when the server is started again', async (t) => {
    const restarted = await startServer(t, { postgres });
    const token = await restarted.signIn();
    let startedAgain;
    let connected;
    const reconnected = new Promise((resolve) => (connected = (again) => again && resolve()));
    const client = connect(t, {
        url: restarted.graphql,
        headers: bearer(token),
        retryAttempts: 100,
        retry: () => startedAgain,
        on: { connected },
    });
    const changes = new Changes();
    client.subscribe({ query: TODO_CHANGED }, changes.sink);
    await changes.begun(restarted, token);

    startedAgain = restarted.terminate().then(() => restarted.start());
    await within(reconnected, 'the client comes again');

    const id = await createTodo(restarted, token, 'after the restart');
    assert.equal((await changes.nextTodo()).nodeId, id);
    await deleteTodo(restarted, token, id);
});

test('when the session ends, the stream ends with the reason', async (t) => {
    const token = await server.signIn();
    const changes = await follow(connect(t, { headers: bearer(token) }));

    await server.ask('mutation { signOut { user { name } } }', { token });

    const { errors } = await changes.next();
    assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    assert.equal(await changes.ended(), undefined);
});
