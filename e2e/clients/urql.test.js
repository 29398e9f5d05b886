/** urql with Graphcache: its normalised cache knows the schema by introspection; its exchanges are like Apollo's links. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { createClient, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { getIntrospectionQuery } from 'graphql';
import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';

import { startServer, USER } from '../server.js';
import { Changes, createTodo, TODO_CHANGED, updateTodo } from './changes.js';
import { TODO, TODOS, UPDATE } from './documents.js';

const server = await startServer({ after });
const token = await server.signIn();
const headers = { authorization: `Bearer ${token}` };
const schema = await server.ask(getIntrospectionQuery());

/** The cache with the settings that its documentation gives. */
const cache = (options) => cacheExchange({ schema, resolvers: { Query: { todos: relayPagination() } }, ...options });

/** A client, and what it fetches. Graphcache warns on the console of what it does not know in the schema; here, that fails. */
function connect(t, exchanges, options) {
    const asked = [];
    t.mock.method(console, 'warn', (...warning) => assert.fail(warning.join(' ')));
    const watched = async (url, sent) => {
        const response = await fetch(url, sent);
        asked.push({ method: sent.method ?? 'GET', url: String(url), body: sent.body && JSON.parse(sent.body) });
        return response;
    };
    const how = { exchanges, fetch: watched, fetchOptions: { headers }, preferGetMethod: false, ...options };
    const client = createClient({ url: server.graphql, ...how });
    return { client, asked };
}

/** Keeps what comes of an operation, until the test ends. */
function observe(t, source) {
    const changes = new Changes();
    const { unsubscribe } = source.subscribe(changes.sink.next);
    t.after(unsubscribe);
    return changes;
}

test('keeps what is queried under its id, and asks no second time', async (t) => {
    const id = await createTodo(server, token, 'kept');
    const { client, asked } = connect(t, [cache(), fetchExchange]);

    for (let time = 1; time <= 2; time++) {
        const { data } = await client.query(TODO, { id }).toPromise();
        assert.equal(data.todo.text, 'kept');
    }

    assert.equal(asked.length, 1);
    assert.equal(client.readQuery(TODO, { id }).data.todo.text, 'kept');
});

test('joins the pages of a list', async (t) => {
    for (let number = 1; number <= 5; number++) await createTodo(server, token, `page item ${number}`);
    const { client, asked } = connect(t, [cache(), fetchExchange]);

    let todos;
    let pages = 0;
    let cursor;
    do {
        const variables = { first: 2, after: cursor, text: 'page item' };
        const { data, error } = await client.query(TODOS, variables, { requestPolicy: 'cache-and-network' }).toPromise();
        assert.ifError(error);
        todos = data.todos;
        cursor = todos.pageInfo.endCursor;
        pages++;
    } while (todos.pageInfo.hasNextPage && pages < 9);

    const texts = todos.edges.map(({ node }) => node.text);
    assert.deepEqual(texts, [1, 2, 3, 4, 5].map((number) => `page item ${number}`));
    assert.deepEqual([pages, asked.length], [3, 3]);
});

test('shows at once what a mutation is going to answer, and then what it answers', async (t) => {
    const id = await createTodo(server, token, 'as it was');
    const optimistic = {
        updateTodo: ({ input }) => ({
            __typename: 'UpdateTodoPayload',
            todo: { __typename: 'Todo', id: input.id, text: 'as hoped' },
        }),
    };
    const { client } = connect(t, [cache({ optimistic }), fetchExchange]);
    const shown = observe(t, client.query(TODO, { id }));
    const text = async () => (await shown.next()).data.todo.text;
    assert.equal(await text(), 'as it was');

    const refused = client.mutation(UPDATE, { input: { id, text: '' } }).toPromise();
    assert.equal(await text(), 'as hoped');
    const { error } = await refused;
    assert.deepEqual(error.graphQLErrors[0].extensions, { code: 'BAD_USER_INPUT', field: 'text' });
    assert.equal(await text(), 'as it was');

    const done = client.mutation(UPDATE, { input: { id, text: 'as it is' } }).toPromise();
    assert.equal(await text(), 'as hoped');
    await done;
    assert.equal(await text(), 'as it is');
});

test('knows errors by their codes, whatever their statuses', async (t) => {
    const { client } = connect(t, [cache(), fetchExchange]);
    const { client: anonymous } = connect(t, [fetchExchange], { fetchOptions: {} });
    const unknown = 'todo_00000000000000000000000000';
    const UNKNOWN_FIELD = gql`
        query {
            viewer {
                nonsense
            }
        }
    `;
    for (const [code, ask] of [
        ['BAD_USER_INPUT', () => anonymous.query(UNKNOWN_FIELD, {})],
        ['BAD_USER_INPUT', () => client.query(TODO, { id: ['no', 'id'] })],
        ['NOT_FOUND', () => client.mutation(UPDATE, { input: { id: unknown, text: 'text' } })],
        ['UNAUTHENTICATED', () => anonymous.mutation(UPDATE, { input: { id: unknown, text: 'text' } })],
    ]) {
        const { error } = await ask().toPromise();
        assert.equal(error.networkError, undefined);
        assert.equal(error.graphQLErrors[0].extensions.code, code);
    }
});

for (const preferGetForPersistedQueries of [false, true]) {
    const method = preferGetForPersistedQueries ? 'GET' : 'POST';
    test(`names a document by its hash, by ${method}, and sends its text once`, async (t) => {
        // No other test asks the same.
        const query = gql`query UrqlByHash${method} { viewer { email } }`;
        const persisted = persistedExchange({ preferGetForPersistedQueries, enableForMutation: true });
        const { client, asked } = connect(t, [persisted, fetchExchange]);

        for (let time = 1; time <= 2; time++) {
            const { data } = await client.query(query, {}, { requestPolicy: 'network-only' }).toPromise();
            assert.equal(data.viewer.email, USER);
        }

        const asText = ({ url, body }) => Boolean(body?.query ?? new URL(url).searchParams.get('query'));
        assert.deepEqual(asked.map(asText), [false, true, false]);
        assert.deepEqual([asked[0].method, asked[2].method], [method, method]);
    });
}

for (const [way, exchange] of [
    [
        'a WebSocket',
        (t) => {
            const sockets = createSocketClient({ url: server.socket, webSocketImpl: WebSocket, connectionParams: headers });
            t.after(() => sockets.dispose());
            return subscriptionExchange({ forwardSubscription: forward(sockets) });
        },
    ],
    [
        'an event stream',
        (t) => {
            const streams = createStreamClient({ url: server.graphql, headers });
            t.after(() => streams.dispose());
            return subscriptionExchange({ forwardSubscription: forward(streams) });
        },
    ],
    ['its own event stream', () => undefined],
]) {
    test(`brings its cache up to date with what it is told by ${way}`, async (t) => {
        const id = await createTodo(server, token, 'before');
        const own = exchange(t);
        const exchanges = own ? [cache(), own, fetchExchange] : [cache(), fetchExchange];
        const { client } = connect(t, exchanges, { fetchSubscriptions: !own });
        const shown = observe(t, client.query(TODO, { id }));
        assert.equal((await shown.next()).data.todo.text, 'before');
        const changes = observe(t, client.subscription(TODO_CHANGED, {}));
        await changes.begun(server, token);

        await updateTodo(server, token, id, 'after');

        assert.equal((await changes.nextTodo()).node.text, 'after');
        assert.equal((await shown.next()).data.todo.text, 'after');
    });
}

/** What hands a subscription to a client of the protocol, as the documentation of urql has it. */
function forward(client) {
    return (request) => ({
        subscribe: (sink) => ({ unsubscribe: client.subscribe({ ...request, query: request.query ?? '' }, sink) }),
    });
}
