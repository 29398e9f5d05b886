/** The client that most WebSockets of GraphQL are opened by, and the codes that its protocol closes them with. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';

import { CloseCode, createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL as PROTOCOL, MessageType } from 'graphql-ws';
import WebSocket from 'ws';

import { PATIENCE, within } from '../process.js';
import { startPostgres, startServer, USER } from '../server.js';
import { Changes, createTodo, deleteTodo, TODO_CHANGED } from './changes.js';

const VIEWER = '{ viewer { email } }';

const postgres = await startPostgres({ after });
// A test that is slow is not to be taken for a client that is.
const environment = { TIDEWATER_SOCKET_INIT_TIMEOUT: '60s', TIDEWATER_MAX_BODY: '4KiB' };
const server = await startServer({ after }, { postgres, environment });

/** A client that ends with the test. */
function connect(t, options = {}) {
    const client = createClient({ webSocketImpl: WebSocket, url: server.socket, retryAttempts: 0, ...options });
    t.after(() => client.dispose());
    return client;
}

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** A WebSocket that is opened with these headers, as browsers send a cookie. */
const withHeaders = (headers) =>
    class extends WebSocket {
        constructor(url, protocols) {
            super(url, protocols, { headers });
        }
    };

/** Subscribes to the user's todos, and returns when that has begun. */
async function follow(client, token, at = server) {
    const changes = new Changes();
    client.subscribe({ query: TODO_CHANGED }, changes.sink);
    await changes.begun(at, token);
    return changes;
}

/** Executes a query or a mutation. */
async function first(client, payload) {
    for await (const result of client.iterate(payload)) return result;
}

/** A bare WebSocket, on which a test may break the rules. */
async function open(t, { protocols = PROTOCOL, url = server.socket, headers } = {}) {
    const socket = new WebSocket(url, protocols, { headers });
    t.after(() => socket.terminate());
    await within(once(socket, 'open'), 'a WebSocket opens');
    return socket;
}

const say = (socket, message) => socket.send(JSON.stringify(message));

async function heard(socket, type) {
    const signal = AbortSignal.timeout(PATIENCE);
    for (;;) {
        const [message] = await once(socket, 'message', { signal });
        const said = JSON.parse(message);
        if (said.type === type) return said;
    }
}

async function closed(socket) {
    const [code] = await within(once(socket, 'close'), 'a WebSocket is closed');
    return code;
}

test('tells of each change in order, by mutations and by psql', async (t) => {
    const token = await server.signIn();
    const changes = await follow(connect(t, { connectionParams: bearer(token) }), token);

    await changes.followSteps(server, postgres, token, 20);
});

test('tells of what psql inserts, and of what others do not see nothing', async (t) => {
    const [token, stranger] = [await server.signIn(), await server.signIn('user3@example.test')];
    const client = connect(t, { connectionParams: bearer(token) });
    const changes = await follow(client, token);

    await createTodo(server, stranger, 'not for you');
    await postgres.psql(`INSERT INTO todo (id, user_id, text, created_at, updated_at)
        SELECT gen_random_uuid(), id, 'from outside', now(), now() FROM "user" WHERE email = '${USER}'`);

    const { kind, node } = await changes.nextTodo();
    assert.deepEqual([kind, node.text], ['CREATED', 'from outside']);
});

test('answers queries and mutations, several at a time on one socket', async (t) => {
    const token = await server.signIn();
    let sockets = 0;
    const client = connect(t, { connectionParams: bearer(token), on: { opened: () => sockets++ } });
    const mutation = 'mutation ($text: String!) { createTodo(input: { text: $text }) { todo { id text } } }';

    const answers = await Promise.all([
        first(client, { query: VIEWER }),
        first(client, { query: mutation, variables: { text: 'by a socket' } }),
        first(client, { query: 'query A { viewer { name } } query B { __typename }', operationName: 'B' }),
    ]);

    assert.deepEqual(answers[0].data, { viewer: { email: USER } });
    assert.equal(answers[1].data.createTodo.todo.text, 'by a socket');
    assert.deepEqual(answers[2].data, { __typename: 'Query' });
    assert.equal(sockets, 1);
    await deleteTodo(server, token, answers[1].data.createTodo.todo.id);
});

test('is signed in by connection_init, by a header and by a cookie, and otherwise nobody', async (t) => {
    const token = await server.signIn();
    const cookie = { cookie: `tidewater_session=${token}` };
    for (const [options, email] of [
        [{ connectionParams: bearer(token) }, USER],
        [{ connectionParams: async () => bearer(token) }, USER],
        [{ webSocketImpl: withHeaders(bearer(token)) }, USER],
        [{ webSocketImpl: withHeaders(cookie) }, USER],
        [{}, undefined],
        // A page of another origin cannot use the cookie; it may show a token.
        [{ webSocketImpl: withHeaders({ ...cookie, origin: server.url }) }, USER],
    ]) {
        const { data } = await first(connect(t, options), { query: VIEWER });
        assert.equal(data.viewer?.email, email, JSON.stringify(options));
    }
    const elsewhere = { webSocketImpl: withHeaders({ ...cookie, origin: 'https://elsewhere.example' }) };
    await assert.rejects(first(connect(t, elsewhere), { query: VIEWER }));
});

test('a credential that is no good closes the socket', async (t) => {
    const token = 'no-such-token';
    for (const options of [{ connectionParams: bearer(token) }, { webSocketImpl: withHeaders(bearer(token)) }]) {
        await assert.rejects(first(connect(t, options), { query: VIEWER }), { code: CloseCode.Forbidden });
    }
});

test('nobody is told of todos, and the socket stays open', async (t) => {
    const client = connect(t);
    const changes = new Changes();
    client.subscribe({ query: TODO_CHANGED }, changes.sink);

    const told = await changes.next().catch((errors) => ({ errors }));

    assert.equal(told.errors[0].extensions.code, 'UNAUTHENTICATED');
    assert.deepEqual((await first(client, { query: '{ __typename }' })).data, { __typename: 'Query' });
});

test('an operation that fails says why by a code, and its neighbours go on', async (t) => {
    const token = await server.signIn();
    const client = connect(t, { connectionParams: bearer(token) });
    const changes = await follow(client, token);

    for (const query of ['{ nonsense }', '{ syntax', 'subscription { nonsense }']) {
        const refused = new Changes();
        client.subscribe({ query }, refused.sink);
        const [error] = await refused.ended();
        assert.equal(error.extensions.code, 'BAD_USER_INPUT', query);
    }
    const missing = 'mutation { deleteTodo(input: { id: "todo_00000000000000000000000000" }) { deletedId } }';
    const { data, errors } = await first(client, { query: missing });
    assert.deepEqual([data, errors[0].extensions.code, errors[0].path], [null, 'NOT_FOUND', ['deleteTodo']]);

    const id = await createTodo(server, token, 'after all that');
    assert.equal((await changes.nextTodo()).nodeId, id);
    await deleteTodo(server, token, id);
});

test('what is no longer wanted is no longer told', async (t) => {
    const token = await server.signIn();
    const client = connect(t, { connectionParams: bearer(token) });
    const messages = [];
    client.on('message', (message) => messages.push(message));
    const unwanted = new Changes();
    const leave = client.subscribe({ query: TODO_CHANGED }, unwanted.sink);
    await unwanted.begun(server, token);
    const changes = await follow(client, token);

    leave();
    await first(client, { query: '{ __typename }' });
    messages.length = 0;
    const id = await createTodo(server, token, 'for one of two');
    assert.equal((await changes.nextTodo()).nodeId, id);
    await deleteTodo(server, token, id);
    await changes.nextTodo();

    assert.equal(messages.filter(({ type }) => type === MessageType.Next).length, 2);
});

test('the server asks whether the client is there, whose answers keep the socket open', async (t) => {
    const impatient = await startServer(t, { environment: { TIDEWATER_KEEP_ALIVE: '1s' } });
    const client = connect(t, { url: impatient.socket });
    client.subscribe({ query: 'subscription { noteChanged { nodeId } }' }, new Changes().sink);
    let pings = 0;
    const asked = new Promise((resolve, reject) => {
        // One more than a client may leave unanswered.
        client.on('ping', (received) => received && ++pings === 4 && resolve());
        client.on('closed', reject);
    });
    await within(asked, 'the server asks four times');
});

test('the client asks whether the server is there, and is told', async (t) => {
    const client = connect(t, { keepAlive: 50 });
    client.subscribe({ query: 'subscription { noteChanged { nodeId } }' }, new Changes().sink);
    await within(new Promise((resolve) => client.on('pong', (received) => received && resolve())), 'the server answers');
});

test('a client that gives no sign of life is disconnected', async (t) => {
    const impatient = await startServer(t, { environment: { TIDEWATER_KEEP_ALIVE: '100ms' } });
    const socket = await open(t, { url: impatient.socket });
    say(socket, { type: MessageType.ConnectionInit });
    await heard(socket, MessageType.Ping);

    // Without a close frame, for nobody would read it.
    assert.equal(await closed(socket), 1006);
});

test('a pong has the payload of the ping', async (t) => {
    const socket = await open(t);
    const pong = heard(socket, MessageType.Pong);
    say(socket, { type: MessageType.Ping, payload: { at: 42 } });
    assert.deepEqual((await pong).payload, { at: 42 });
});

test('goes on by itself when the server is started again', async (t) => {
    const restarted = await startServer(t, { postgres });
    const token = await restarted.signIn();
    let startedAgain;
    const codes = [];
    const client = connect(t, {
        url: restarted.socket,
        connectionParams: bearer(token),
        retryAttempts: 100,
        retryWait: () => startedAgain,
        on: { closed: (event) => codes.push(event.code) },
    });
    const changes = await follow(client, token, restarted);

    startedAgain = restarted.terminate().then(() => restarted.start());
    await startedAgain;
    await changes.begun(restarted, token);

    const id = await createTodo(restarted, token, 'after the restart');
    assert.equal((await changes.nextTodo()).nodeId, id);
    assert.equal(codes[0], 1001);
    await deleteTodo(restarted, token, id);
});

test('when the session ends, nothing more is told and the socket is closed', async (t) => {
    const token = await server.signIn();
    // It closes the socket itself otherwise, when nothing is left to be told.
    const client = connect(t, { connectionParams: bearer(token), lazy: false, onNonLazyError: () => {} });
    const closed = new Promise((resolve) => client.on('closed', resolve));
    const changes = await follow(client, token);

    await server.ask('mutation { signOut { user { name } } }', { token });

    // The socket may be closed before the subscription has said why it ends.
    const reason = await changes.ended();
    assert.ok(reason.code === CloseCode.Forbidden || reason[0].extensions.code === 'UNAUTHENTICATED');
    assert.equal((await within(closed, 'the socket is closed')).code, CloseCode.Forbidden);
    assert.ok(changes.isEmpty);
});

test('each breach of the protocol has its code', async (t) => {
    const hasty = await startServer(t, { environment: { TIDEWATER_SOCKET_INIT_TIMEOUT: '100ms' } });
    const init = { type: MessageType.ConnectionInit };
    const subscribe = { type: MessageType.Subscribe, id: 'one', payload: { query: 'subscription { noteChanged { nodeId } }' } };
    for (const [code, messages, how] of [
        [CloseCode.BadRequest, ['no JSON']],
        [CloseCode.BadRequest, [{ type: 'unknown' }]],
        [CloseCode.BadRequest, [init, { ...subscribe, id: undefined }]],
        [CloseCode.Unauthorized, [subscribe]],
        [CloseCode.Forbidden, [{ ...init, payload: bearer('no-such-token') }]],
        [CloseCode.SubprotocolNotAcceptable, [], { protocols: [] }],
        [CloseCode.ConnectionInitialisationTimeout, [], { url: hasty.socket }],
        [CloseCode.SubscriberAlreadyExists, [init, subscribe, subscribe]],
        [CloseCode.TooManyInitialisationRequests, [init, init]],
        [1009, [{ ...init, payload: { much: 'x'.repeat(5000) } }]],
    ]) {
        const socket = await open(t, how);
        const ended = closed(socket);
        for (const message of messages) {
            socket.send(typeof message === 'string' ? message : JSON.stringify(message));
            // What comes next is sent to whoever was acknowledged.
            if (message === init && messages[1] === subscribe) await heard(socket, MessageType.ConnectionAck);
        }
        assert.equal(await ended, code, JSON.stringify(messages).slice(0, 200));
    }
});

test('an old protocol is not spoken', async (t) => {
    const socket = await open(t, { protocols: ['graphql-ws'] }).catch((error) => error);
    // A client may refuse a socket for which the server chose none of its protocols.
    if (socket instanceof Error) assert.match(socket.message, /no subprotocol/);
    else assert.equal(await closed(socket), CloseCode.SubprotocolNotAcceptable);
});
