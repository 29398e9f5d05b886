/** Links of Apollo Client for what only this server has: keys of idempotence, and marks. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { RetryLink } from '@apollo/client/link/retry';
import { map } from 'rxjs';

import { startPostgres, startRedis, startServer } from '../server.js';

const postgres = await startPostgres({ after });
const redis = await startRedis({ after });
const [one, other] = [await startServer({ after }, { postgres, redis }), await startServer({ after }, { postgres, redis })];
const authorization = `Bearer ${await one.signIn()}`;

/** A client that stops with the test. */
function connect(t, ...links) {
    const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from(links) });
    t.after(() => client.stop());
    return client;
}

/** Sends each mutation with a key of its own, which it keeps when it is sent again. */
const withKey = () =>
    new ApolloLink((operation, forward) => {
        operation.setContext(({ headers }) => ({ headers: { ...headers, 'idempotency-key': `"${randomUUID()}"` } }));
        return forward(operation);
    });

/** Sends the newest mark that it has seen with the next request, to whichever server. */
function withMark() {
    let mark;
    return new ApolloLink((operation, forward) => {
        if (mark) operation.setContext(({ headers }) => ({ headers: { ...headers, 'tidewater-mark': mark } }));
        return forward(operation).pipe(
            map((result) => {
                mark = result.extensions?.tidewater?.mark ?? mark;
                return result;
            }),
        );
    });
}

const CREATE_TODO = gql`
    mutation Create($text: String!) {
        createTodo(input: { text: $text }) {
            todo {
                id
            }
        }
    }
`;

/** How many todos have this text, in the database. */
const count = async (text) => Number(await postgres.psql(`SELECT count(*) FROM todo WHERE text = '${text}'`));

/** Fetches, and loses the first answers: the server has done what it was asked, and nobody learns of it. */
function losing(answers) {
    const statuses = [];
    const replayed = [];
    return {
        statuses,
        replayed,
        fetch: async (url, options) => {
            const response = await fetch(url, options);
            statuses.push(response.status);
            replayed.push(response.headers.get('idempotency-replayed'));
            if (statuses.length <= answers) throw new TypeError('fetch failed');
            return response;
        },
    };
}

const retry = () => new RetryLink({ delay: () => 0, attempts: { max: 3 } });

test('a mutation whose answer was lost is sent again with its key, and done once', async (t) => {
    const network = losing(2);
    let turn = 0;
    // The second attempt comes to another server.
    const uri = () => [one, other][turn++ % 2].graphql;
    const client = connect(t, withKey(), retry(), new HttpLink({ uri, headers: { authorization }, fetch: network.fetch }));

    const { data } = await client.mutate({ mutation: CREATE_TODO, variables: { text: 'once' } });

    assert.match(data.createTodo.todo.id, /^todo_/);
    assert.deepEqual(network.statuses, [200, 200, 200]);
    assert.deepEqual(network.replayed, [null, 'true', 'true']);
    assert.equal(await count('once'), 1);
});

test('without a key it is done as often as it is sent', async (t) => {
    const network = losing(2);
    const client = connect(t, retry(), new HttpLink({ uri: one.graphql, headers: { authorization }, fetch: network.fetch }));
    await client.mutate({ mutation: CREATE_TODO, variables: { text: 'thrice' } });
    assert.equal(await count('thrice'), 3);
});

test('a key is good for one mutation only', async (t) => {
    const key = new ApolloLink((operation, forward) => {
        operation.setContext(({ headers }) => ({ headers: { ...headers, 'idempotency-key': 'the-same' } }));
        return forward(operation);
    });
    const client = connect(t, key, new HttpLink({ uri: one.graphql, headers: { authorization } }));
    await client.mutate({ mutation: CREATE_TODO, variables: { text: 'first' } });
    const again = client.mutate({ mutation: CREATE_TODO, variables: { text: 'second' } });
    await assert.rejects(again, ({ errors }) => errors[0].extensions.code === 'CONFLICT');
    assert.equal(await count('second'), 0);
});

test('whoever passes marks on reads their own writes, on any server and whatever age they accept', async (t) => {
    const CREATE = gql`
        mutation {
            createNote(input: { title: "as it was", body: "", visibility: PUBLIC }) {
                note {
                    id
                }
            }
        }
    `;
    const UPDATE = gql`
        mutation Update($id: ID!, $title: String!) {
            updateNote(input: { id: $id, title: $title }) {
                note {
                    id
                }
            }
        }
    `;
    // As nobody, for who asks is never answered from before; and not from the client's own cache.
    const READ = gql`
        query Read($id: ID!) {
            note(id: $id) {
                title
            }
        }
    `;
    const links = (link) => {
        const writing = connect(t, ...link, new HttpLink({ uri: one.graphql, headers: { authorization } }));
        const reading = connect(t, ...link, new HttpLink({ uri: other.graphql, headers: { 'cache-control': 'max-age=3600' } }));
        return [writing, reading];
    };
    const [writing, reading] = links([withMark()]);
    const [, forgetful] = links([]);
    const { data } = await writing.mutate({ mutation: CREATE });
    const { id } = data.createNote.note;
    const title = async (client) => {
        const answer = await client.query({ query: READ, variables: { id }, fetchPolicy: 'no-cache' });
        return answer.data.note.title;
    };
    assert.equal(await title(reading), 'as it was');

    for (let time = 1; time <= 5; time++) {
        const before = time === 1 ? 'as it was' : `as it is ${time - 1}`;
        await writing.mutate({ mutation: UPDATE, variables: { id, title: `as it is ${time}` } });

        assert.equal(await title(forgetful), before, 'what a client without marks accepts may be old');
        assert.equal(await title(reading), `as it is ${time}`);
    }
});
