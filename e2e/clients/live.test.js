/** Live queries, by the clients that know nothing of them but that an operation may have several results. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { createClient as createStreamClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';

import { within } from '../process.js';
import { startPostgres, startServer } from '../server.js';
import { Changes, createTodo, deleteTodo, updateTodo } from './changes.js';

const LIVE = 'query Live($text: String!) @live { todos(filter: { text: $text }) { totalCount nodes { id text } } }';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });

const bearer = (token) => ({ Authorization: `Bearer ${token}` });

/** The answer to `LIVE` that has these todos. */
const answer = (...nodes) => ({ todos: { totalCount: nodes.length, nodes } });

for (const [way, connect] of [
    [
        'a WebSocket',
        (at, token, options) =>
            createSocketClient({ url: at.socket, webSocketImpl: WebSocket, connectionParams: bearer(token), ...options }),
    ],
    ['an event stream', (at, token, options) => createStreamClient({ url: at.graphql, headers: bearer(token), ...options })],
]) {
    /** Asks for the todos that contain `text`, and returns what is answered and what is asked when it has to be asked again. */
    const follow = (t, at, token, text, options) => {
        const client = connect(at, token, options);
        t.after(() => client.dispose());
        const answers = new Changes();
        const payload = { query: LIVE, variables: { text } };
        client.subscribe(payload, answers.sink);
        return { answers, payload };
    };

    test(`by ${way}, each change of what is asked for is answered, by mutations and by psql`, async (t) => {
        const [token, stranger] = [await server.signIn(), await server.signIn('user3@example.test')];
        const text = `live by ${way}`;
        const { answers } = follow(t, server, token, text);
        const next = async () => (await answers.next()).data;
        assert.deepEqual(await next(), answer());

        const id = await createTodo(server, token, `${text} 1`);
        assert.deepEqual(await next(), answer({ id, text: `${text} 1` }));
        await postgres.psql(`UPDATE todo SET text = '${text} 2' WHERE text = '${text} 1'`);
        assert.deepEqual(await next(), answer({ id, text: `${text} 2` }));
        // Neither is of what is asked for.
        await createTodo(server, stranger, text);
        await createTodo(server, token, 'something else');
        await updateTodo(server, token, id, `${text} 3`);
        assert.deepEqual(await next(), answer({ id, text: `${text} 3` }));
        await deleteTodo(server, token, id);
        assert.deepEqual(await next(), answer());
    });

    test(`by ${way}, it goes on when the server is started again, and tells nothing twice`, async (t) => {
        const restarted = await startServer(t, { postgres });
        const token = await restarted.signIn();
        const text = `kept by ${way}`;
        const id = await createTodo(server, token, `${text} 1`);
        let startedAgain;
        const wait = () => startedAgain;
        let connected;
        const on = { connected: () => connected?.() };
        const { answers, payload } = follow(t, restarted, token, text, { retryAttempts: 100, retryWait: wait, retry: wait, on });
        const next = async () => {
            const { data, extensions } = await answers.next();
            payload.extensions = { tidewater: { shown: extensions.tidewater.shown } };
            return data;
        };
        assert.deepEqual(await next(), answer({ id, text: `${text} 1` }));

        const connectedAgain = new Promise((resolve) => (connected = resolve));
        startedAgain = restarted.terminate().then(() => restarted.start());
        await within(connectedAgain, 'the client comes again');
        await postgres.psql(`UPDATE todo SET text = '${text} 2' WHERE text = '${text} 1'`);
        assert.deepEqual(await next(), answer({ id, text: `${text} 2` }), 'and not what was shown before');

        startedAgain = restarted
            .terminate()
            .then(() => postgres.psql(`UPDATE todo SET text = '${text} 3' WHERE text = '${text} 2'`))
            .then(() => restarted.start());
        assert.deepEqual(await next(), answer({ id, text: `${text} 3` }));
        await deleteTodo(restarted, token, id);
        assert.deepEqual(await next(), answer());
    });

    test(`by ${way}, it ends when the session does`, async (t) => {
        const token = await server.signIn();
        const { answers } = follow(t, server, token, 'nothing', { retryAttempts: 0 });
        await answers.next();

        await server.ask('mutation { signOut { user { name } } }', { token });

        // A WebSocket may be closed before the query has said why it ends.
        const reason = await answers.next().catch((error) => error);
        const code = reason.code ?? (reason.errors ?? reason)[0].extensions.code;
        assert.ok([4403, 'UNAUTHENTICATED'].includes(code), code);
    });
}

test('where nothing can follow it is refused', async () => {
    const token = await server.signIn();
    await assert.rejects(server.ask(LIVE, { token, variables: { text: '' } }), /BAD_USER_INPUT/);
});
