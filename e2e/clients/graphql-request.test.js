/** The smallest of clients, for scripts: a function that sends a document. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { batchRequests, ClientError, gql, GraphQLClient, request } from 'graphql-request';

import { PASSWORD, startServer, USER } from '../server.js';

const SIGN_IN = gql`
    mutation SignIn($input: SignInInput!) {
        signIn(input: $input) {
            token
            viewer {
                email
            }
        }
    }
`;
const VIEWER = gql`
    query Viewer {
        viewer {
            email
        }
    }
`;
const input = { email: USER, password: PASSWORD };

const server = await startServer({ after }, { environment: { TIDEWATER_MAX_BATCH: '2' } });

test('signs in and is signed in by the token, until it signs out', async () => {
    const client = new GraphQLClient(server.graphql);
    const { signIn } = await client.request(SIGN_IN, { input });
    client.setHeader('authorization', `Bearer ${signIn.token}`);

    assert.deepEqual(await client.request(VIEWER), { viewer: { email: USER } });
    await client.request('mutation { signOut { user { name } } }');
    assert.deepEqual(await client.request(VIEWER), { viewer: null });
});

test('is signed in by the cookie that signing in sets, and forgets it when that is taken back', async () => {
    let cookie;
    const client = new GraphQLClient(server.graphql, {
        requestMiddleware: (sent) => {
            const headers = new Headers(sent.headers);
            if (cookie) headers.set('cookie', cookie);
            return { ...sent, headers };
        },
        responseMiddleware: ({ headers }) => {
            for (const set of headers?.getSetCookie() ?? []) {
                const [pair, ...attributes] = set.split('; ');
                assert.ok(attributes.includes('HttpOnly') && attributes.includes('SameSite=Lax'), set);
                cookie = attributes.includes('Max-Age=0') ? undefined : pair;
            }
        },
    });
    await client.request(SIGN_IN, { input });
    assert.match(cookie, /^tidewater_session=./);
    assert.deepEqual(await client.request(VIEWER), { viewer: { email: USER } });

    await client.request('mutation { signOut { user { name } } }');

    assert.equal(cookie, undefined);
    assert.deepEqual(await client.request(VIEWER), { viewer: null });
});

test('throws errors with their codes, and keeps what was answered if it is to', async () => {
    const wrong = { input: { ...input, password: 'not the password' } };
    await assert.rejects(request(server.graphql, SIGN_IN, wrong), (error) => {
        assert.ok(error instanceof ClientError);
        assert.equal(error.response.errors[0].extensions.code, 'UNAUTHENTICATED');
        // As the draft of August 2026 has it, for those who accept `application/graphql-response+json`.
        assert.equal(error.response.status, 294);
        return true;
    });
    const lenient = new GraphQLClient(server.graphql, { errorPolicy: 'all' });
    const { data, errors } = await lenient.rawRequest('{ notes(first: 1) { nodes { id } } node(id: "no id") { id } }');
    assert.equal(data.notes.nodes.length, 1);
    assert.deepEqual([data.node, errors[0].path, errors[0].extensions.code], [null, ['node'], 'BAD_USER_INPUT']);
    // It throws for statuses of failure all the same.
    await assert.rejects(lenient.rawRequest('{ nonsense }'), ({ response }) => {
        assert.deepEqual([response.status, response.errors[0].extensions.code], [422, 'BAD_USER_INPUT']);
        return true;
    });
});

test('asks by GET', async () => {
    const methods = [];
    const watched = (url, options) => {
        methods.push(options.method);
        return fetch(url, options);
    };
    const client = new GraphQLClient(server.graphql, { method: 'GET', fetch: watched });
    const document = 'query Note($id: ID!) { note(id: $id) { id } }';
    const { note } = await client.request(document, { id: 'note_00000000000000000000000000' });
    assert.equal(note, null);
    assert.deepEqual(methods, ['GET']);
});

test('sends several requests in one body, where that is allowed', async () => {
    const documents = [{ document: VIEWER }, { document: '{ __typename }' }];
    const [viewer, name] = await batchRequests(server.graphql, documents);
    assert.deepEqual([viewer.data, name.data], [{ viewer: null }, { __typename: 'Query' }]);
    await assert.rejects(batchRequests(server.graphql, [...documents, ...documents]));
});

test('gives up when it is told to', async () => {
    const abort = new AbortController();
    const asked = new GraphQLClient(server.graphql).request({ document: VIEWER, signal: abort.signal });
    abort.abort();
    await assert.rejects(asked, { name: 'AbortError' });
});
