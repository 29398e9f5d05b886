/** No client at all: `fetch`, of Node and of a browser, which keeps cookies and answers by itself. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';

import { openPage, startBrowser } from '../browser.js';
import { PATIENCE } from '../process.js';
import { PASSWORD, startPostgres, startServer, USER } from '../server.js';
import { createTodo } from './changes.js';

const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) { viewer { email } } }';
const input = { email: USER, password: PASSWORD };
const TODOS = '{ todos(first: 100) { nodes { text } } }';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

// The pages here are of the server, but have nothing to ask; those that do have a policy of their own.
const bypassCSP = true;
// Nor have they an icon.
const expected = [/^console: .* 404 /];

const at = (query) => `${server.graphql}?${new URLSearchParams({ query })}`;

test('what has not changed is not sent again, and what psql has changed is', async () => {
    const token = await server.signIn();
    const id = await createTodo(server, token, 'validated');
    const authorization = `Bearer ${token}`;
    const url = at(`{ todo(id: "${id}") { text } }`);
    const first = await fetch(url, { headers: { authorization } });
    const etag = first.headers.get('etag');
    assert.equal(first.headers.get('cache-control'), 'private, no-cache');

    const same = await fetch(url, { headers: { authorization, 'if-none-match': etag } });
    assert.deepEqual([same.status, same.headers.get('etag'), await same.text()], [304, etag, '']);

    await postgres.psql("UPDATE todo SET text = 'otherwise' WHERE text = 'validated'");
    const other = await fetch(url, { headers: { authorization, 'if-none-match': etag } });
    assert.equal(other.status, 200);
    assert.notEqual(other.headers.get('etag'), etag);
    assert.deepEqual((await other.json()).data, { todo: { text: 'otherwise' } });

    // It is nobody else's.
    const nobody = await fetch(url, { headers: { 'if-none-match': etag } });
    assert.equal(nobody.status, 200);
    assert.deepEqual((await nobody.json()).data, { todo: null });
});

test('every answer has a mark in its header and in its body, and one that is none is refused', async () => {
    const first = await fetch(at('{ __typename }'));
    const mark = first.headers.get('tidewater-mark');
    assert.equal((await first.json()).extensions.tidewater.mark, mark);

    const later = await fetch(at('{ viewer { email } }'), { headers: { 'tidewater-mark': mark } });
    assert.equal(later.status, 200);
    const refused = await fetch(at('{ __typename }'), { headers: { 'tidewater-mark': 'nonsense' } });
    assert.equal(refused.status, 400);
});

test('a page signs in by a cookie that its scripts cannot read, and stays signed in', async (t) => {
    const page = await openPage(t, browser, { bypassCSP, expected });
    await page.goto(`${server.url}/health/live`);
    const ask = (query, variables) =>
        page.evaluate(
            async (body) => {
                const headers = { 'content-type': 'application/json' };
                const response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body) });
                return (await response.json()).data;
            },
            { query, variables },
        );
    const viewer = async () => (await ask('{ viewer { email } }')).viewer;
    assert.equal(await viewer(), null);

    await ask(SIGN_IN, { input });
    assert.deepEqual(await viewer(), { email: USER });
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.reload();
    assert.deepEqual(await viewer(), { email: USER });
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['tidewater_session', true, 'Lax']);

    await ask('mutation { signOut { user { name } } }');
    assert.equal(await viewer(), null);
    assert.deepEqual(await page.context().cookies(), []);
});

test('a browser asks whether what it keeps is still so, and never shows what is not', async (t) => {
    const token = await server.signIn();
    await createTodo(server, token, 'kept by a browser');
    const headers = { authorization: `Bearer ${token}` };
    const page = await openPage(t, browser, { bypassCSP, expected, extraHTTPHeaders: headers });
    await page.goto(`${server.url}/health/live`);
    // What came over the network: the page itself is shown a 200 for what was kept.
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const texts = async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const came = once(network, 'Network.responseReceivedExtraInfo', { signal });
        const shown = await page.evaluate(async (url) => (await (await fetch(url)).json()).data.todos.nodes, at(TODOS));
        return { texts: shown.map(({ text }) => text), status: (await came)[0].statusCode };
    };

    const before = await texts();
    assert.ok(before.texts.includes('kept by a browser'));
    const same = await texts();
    assert.deepEqual([before.status, same.status, same.texts], [200, 304, before.texts]);

    await postgres.psql("UPDATE todo SET text = 'changed outside' WHERE text = 'kept by a browser'");

    const changed = await texts();
    assert.equal(changed.status, 200);
    assert.ok(changed.texts.includes('changed outside') && !changed.texts.includes('kept by a browser'));
});

test('a page of another origin can neither ask nor read', async (t) => {
    const elsewhere = await startServer(t);
    const page = await openPage(t, browser, { bypassCSP, expected: [...expected, /CORS policy/, /net::ERR_FAILED/] });
    // Another port is another origin of the same site, to which the cookie would go.
    await page.goto(`${elsewhere.url}/health/live`);
    const attempt = (how) =>
        page.evaluate(
            ([url, options]) => fetch(url, { credentials: 'include', ...options }).then(() => 'answered', (error) => error.name),
            how,
        );
    assert.equal(await attempt([at('{ __typename }'), {}]), 'TypeError');
    const headers = { 'content-type': 'application/json' };
    const post = { method: 'POST', headers, body: JSON.stringify({ query: '{ __typename }' }) };
    assert.equal(await attempt([server.graphql, post]), 'TypeError');
});
