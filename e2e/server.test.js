/** Tests of what starts servers for the tests. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { startPostgres, startRedis, startServer } from './server.js';

/** An owner that is done when it is told to be. */
function owner() {
    const ends = [];
    return { after: (end) => ends.push(end), done: async () => Promise.all(ends.map((end) => end())) };
}

test('a server on its own file is asked, and started again on its port with its data', async (t) => {
    const server = await startServer(t);
    const token = await server.signIn();
    const { url } = server;

    await server.terminate();
    await assert.rejects(server.ask('{ viewer { name } }'));
    await server.start();

    assert.equal(server.url, url);
    const { viewer } = await server.ask('{ viewer { email } }', { token });
    assert.deepEqual(viewer, { email: 'user2@example.test' });
});

test('two servers share PostgreSQL and Redis, and see what psql changes', async (t) => {
    const [postgres, redis] = await Promise.all([startPostgres(t), startRedis(t)]);
    const one = await startServer(t, { postgres, redis });
    const other = await startServer(t, { postgres, redis });
    const token = await one.signIn();
    const query = '{ viewer { todos(first: 100) { nodes { text } } } }';
    for (const server of [one, other]) await server.ask(query, { token });

    await postgres.psql("UPDATE todo SET text = 'from outside'");

    for (const server of [one, other]) {
        const { viewer } = await server.ask(query, { token });
        assert.ok(viewer.todos.nodes.length > 0);
        for (const { text } of viewer.todos.nodes) assert.equal(text, 'from outside');
    }
    await assert.rejects(postgres.psql('SELECT no_such_column FROM todo'), /no_such_column/);
});

test('nothing is left when its owner is done', async (t) => {
    const it = owner();
    t.after(it.done);
    const postgres = await startPostgres(it);
    const server = await startServer(it, { postgres });
    await server.terminate();
    await server.start();

    await it.done();

    await assert.rejects(fetch(server.url));
    await assert.rejects(postgres.psql('SELECT 1'));
    assert.ok(!existsSync(new URL(postgres.url).searchParams.get('host')));
    assert.ok(!existsSync(server.directory));
});

test('a server that cannot start says why', async (t) => {
    const start = startServer(t, { environment: { TIDEWATER_MAX_DEPTH: 'deep' } });
    await assert.rejects(start, /TIDEWATER_MAX_DEPTH|max-depth/);
});
