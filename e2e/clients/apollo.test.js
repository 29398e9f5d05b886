/** Apollo Client: its normalised cache, its pagination, its links. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache, Observable } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { print } from 'graphql';
import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { filter, firstValueFrom } from 'rxjs';
import WebSocket from 'ws';

import { startServer, USER } from '../server.js';
import { Changes, createTodo, TODO_CHANGED, updateTodo } from './changes.js';
import { TODO, TODOS, UPDATE } from './documents.js';

const server = await startServer({ after });
const token = await server.signIn();
const headers = { authorization: `Bearer ${token}` };

/** Fetches, and keeps what was asked and how. */
function watchedFetch() {
    const asked = [];
    const watched = async (url, options) => {
        const response = await fetch(url, options);
        const body = options.body && JSON.parse(options.body);
        asked.push({ method: options.method, url, body, status: response.status });
        return response;
    };
    return { asked, fetch: watched };
}

/** A client with the settings that its documentation gives for Relay's connections; it stops with the test. */
function connect(t, link) {
    const fields = { todos: relayStylePagination(['filter', 'orderBy']) };
    const cache = new InMemoryCache({ typePolicies: { Query: { fields } } });
    const client = new ApolloClient({ cache, link });
    t.after(() => client.stop());
    return client;
}

const http = (options) => new HttpLink({ uri: server.graphql, headers, ...options });

test('keeps what is queried under its id, and asks no second time', async (t) => {
    const id = await createTodo(server, token, 'kept');
    const watched = watchedFetch();
    const client = connect(t, http(watched));

    const { data } = await client.query({ query: TODO, variables: { id } });
    await client.query({ query: TODO, variables: { id } });

    assert.equal(data.todo.text, 'kept');
    assert.equal(watched.asked.length, 1);
    assert.equal(client.cache.extract()[`Todo:${id}`].text, 'kept');
});

test('joins the pages of a list', async (t) => {
    for (let number = 1; number <= 5; number++) await createTodo(server, token, `page item ${number}`);
    const client = connect(t, http());
    const observed = client.watchQuery({ query: TODOS, variables: { first: 2, text: 'page item' } });
    const watching = observed.subscribe(() => {});
    t.after(() => watching.unsubscribe());
    let { data } = await firstValueFrom(observed.pipe(filter(({ loading }) => !loading)));

    let pages = 1;
    for (; data.todos.pageInfo.hasNextPage && pages < 9; pages++) {
        ({ data } = await observed.fetchMore({ variables: { after: data.todos.pageInfo.endCursor } }));
    }

    const whole = observed.pipe(filter((result) => !result.data.todos.pageInfo.hasNextPage));
    const { todos } = (await firstValueFrom(whole)).data;
    const texts = todos.edges.map(({ node }) => node.text);
    assert.deepEqual(texts, [1, 2, 3, 4, 5].map((number) => `page item ${number}`));
    assert.equal(todos.totalCount, 5);
    assert.equal(pages, 3);
});

/** What a mutation is hoped to answer. */
const hoped = (id) => ({
    updateTodo: { __typename: 'UpdateTodoPayload', todo: { __typename: 'Todo', id, text: 'as hoped' } },
});

test('shows at once what a mutation is going to answer, and then what it answers', async (t) => {
    const id = await createTodo(server, token, 'as it was');
    const client = connect(t, http());
    const texts = [];
    const watching = client.watchQuery({ query: TODO, variables: { id } }).subscribe(({ data }) => {
        if (data?.todo) texts.push(data.todo.text);
    });
    t.after(() => watching.unsubscribe());
    await client.query({ query: TODO, variables: { id } });

    const { data } = await client.mutate({
        mutation: UPDATE,
        variables: { input: { id, text: '  as it is ' } },
        optimisticResponse: hoped(id),
    });

    assert.deepEqual(texts, ['as it was', 'as hoped', data.updateTodo.todo.text]);
    assert.match(data.updateTodo.todo.text, /as it is/);
});

test('takes back what it showed when the mutation fails, and knows the code', async (t) => {
    const id = await createTodo(server, token, 'stays');
    const client = connect(t, http());
    await client.query({ query: TODO, variables: { id } });
    const shown = () => client.readQuery({ query: TODO, variables: { id } }).todo.text;

    const mutating = client.mutate({
        mutation: UPDATE,
        variables: { input: { id, text: '' } },
        optimisticResponse: hoped(id),
    });
    const refused = assert.rejects(mutating, (error) => {
        assert.ok(CombinedGraphQLErrors.is(error), String(error));
        assert.deepEqual(error.errors[0].extensions, { code: 'BAD_USER_INPUT', field: 'text' });
        return true;
    });

    assert.equal(client.cache.readQuery({ query: TODO, variables: { id }, optimistic: true }).todo.text, 'as hoped');
    await refused;
    assert.equal(shown(), 'stays');
});

test('knows errors by their codes, whatever their statuses', async (t) => {
    const client = connect(t, http());
    const anonymous = connect(t, new HttpLink({ uri: server.graphql }));
    const unknown = 'todo_00000000000000000000000000';
    const SIGN_OUT = gql`
        mutation {
            signOut {
                user {
                    id
                }
            }
        }
    `;
    const UNKNOWN_FIELD = gql`
        query {
            nonsense
        }
    `;
    for (const [code, ask] of [
        ['BAD_USER_INPUT', () => client.query({ query: UNKNOWN_FIELD })],
        ['BAD_USER_INPUT', () => client.query({ query: TODO, variables: { id: ['no', 'id'] } })],
        ['NOT_FOUND', () => client.mutate({ mutation: UPDATE, variables: { input: { id: unknown, text: 'text' } } })],
        ['UNAUTHENTICATED', () => anonymous.mutate({ mutation: SIGN_OUT })],
    ]) {
        await assert.rejects(ask(), (error) => {
            assert.ok(CombinedGraphQLErrors.is(error), String(error));
            assert.equal(error.errors[0].extensions.code, code);
            return true;
        });
    }
});

for (const useGETForHashedQueries of [false, true]) {
    const method = useGETForHashedQueries ? 'GET' : 'POST';
    test(`names a document by its hash, by ${method}, and sends its text once`, async (t) => {
        // No other test asks the same.
        const query = gql`query ByHash${method} { viewer { email } }`;
        const watched = watchedFetch();
        const sha256 = (text) => createHash('sha256').update(text).digest('hex');
        const persisted = new PersistedQueryLink({ sha256, useGETForHashedQueries });
        const client = connect(t, ApolloLink.from([persisted, http(watched)]));

        for (let time = 1; time <= 2; time++) {
            const { data } = await client.query({ query, fetchPolicy: 'network-only' });
            assert.equal(data.viewer.email, USER);
        }

        const asText = ({ url, body }) => Boolean(body?.query ?? new URL(url).searchParams.get('query'));
        assert.deepEqual(watched.asked.map(asText), [false, true, false]);
        assert.deepEqual([watched.asked[0].method, watched.asked[2].method], [method, method]);
        assert.deepEqual([watched.asked[0].status, watched.asked[2].status], [422, 200]);
    });
}

test('stops naming documents where a server knows none', async (t) => {
    const plain = await startServer(t, { environment: { TIDEWATER_PERSISTED_QUERY_MEMORY: '0' } });
    const watched = watchedFetch();
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri: plain.graphql, ...watched })]);
    const client = connect(t, link);

    for (const name of ['One', 'Other']) {
        await client.query({ query: gql`query ${name} { viewer { email } }`, fetchPolicy: 'network-only' });
    }

    const named = watched.asked.map(({ body }) => Boolean(body.extensions?.persistedQuery));
    assert.deepEqual(named, [true, false, false]);
});

/** A link for event streams, as graphql-sse's documentation has it. */
class EventStreamLink extends ApolloLink {
    constructor(options) {
        super();
        this.client = createStreamClient(options);
    }

    request(operation) {
        return new Observable((sink) => this.client.subscribe({ ...operation, query: print(operation.query) }, sink));
    }
}

const socket = { url: server.socket, webSocketImpl: WebSocket, connectionParams: headers };

for (const [way, link] of [
    ['a WebSocket', () => new GraphQLWsLink(createSocketClient(socket))],
    ['an event stream', () => new EventStreamLink({ url: server.graphql, headers })],
]) {
    test(`brings its cache up to date with what it is told by ${way}`, async (t) => {
        const id = await createTodo(server, token, 'before');
        const subscriptions = link();
        t.after(() => subscriptions.client.dispose());
        const isSubscription = ({ operationType }) => operationType === 'subscription';
        const client = connect(t, ApolloLink.split(isSubscription, subscriptions, http()));
        await client.query({ query: TODO, variables: { id } });
        const changes = new Changes();
        const following = client.subscribe({ query: gql(TODO_CHANGED) }).subscribe(changes.sink);
        t.after(() => following.unsubscribe());
        await changes.begun(server, token);

        await updateTodo(server, token, id, 'after');

        assert.equal((await changes.nextTodo()).node.text, 'after');
        assert.equal(client.readQuery({ query: TODO, variables: { id } }).todo.text, 'after');
    });
}
