/** GraphiQL in a browser, with nothing but the server, on a PostgreSQL that is changed by `psql` too. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, PASSWORD, startPostgres, startServer, USER } from '../server.js';
import { answered, editor, openGraphiql, run, signIn, tab, tool, write } from './graphiql.js';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

const open = (test, options) => openGraphiql(test, browser, server, options);

/** Opens an example, in a tab that is named after its operation. */
async function example(page, title, operation) {
    const shown = page.getByRole('button', { name: 'Hide Examples' });
    if (!(await shown.isVisible())) await page.getByRole('button', { name: 'Show Examples' }).click();
    await page.getByRole('button', { name: title }).click();
    await tab(page, operation).waitFor();
}

test('a query is completed, executed and told what served it', async (test) => {
    const page = await open(test);
    const asked = page.waitForResponse((response) => response.request().postData()?.includes('PublicNotes'));
    await run(page);
    await answered(page, '"totalCount"');
    assert.match((await asked).headers()['content-type'], /^application\/graphql-response\+json/);
    const serving = page.getByLabel('What served the answer');
    await serving.getByText('fwd=').waitFor();
    await run(page);
    await serving.getByText('hit; detail="response"').waitFor();

    await page.getByRole('button', { name: 'New tab' }).click();
    await editor(page).click();
    await page.keyboard.type('{ vie');
    await page.locator('.suggest-widget').getByText('viewer').waitFor();
    await page.keyboard.press('Enter');
    await editor(page).getByText('viewer').waitFor();
    await page.keyboard.insertText(' { name }');
    await page.keyboard.press('Control+Enter');
    await answered(page, '"viewer": null');
});

test('every example is answered, with the variables and headers that come with it', async (test) => {
    const page = await open(test);
    await signIn(page, USER);
    await page.getByRole('button', { name: 'Show Examples' }).click();
    const examples = page.getByRole('region', { name: 'Examples' }).getByRole('button');
    const titles = await examples.allTextContents();
    assert.ok(titles.length > 5, titles);
    // What waits for a change has tests of its own.
    for (const title of titles.filter((title) => !/^Follow|live$/.test(title))) {
        await page.getByRole('button', { name: title, exact: true }).click();
        // They alone begin with a comment.
        const asked = page.waitForResponse((response) => response.request().postData()?.includes('"query":"# '));
        await run(page);
        const { data, errors } = await (await asked).json();
        assert.ok(data && !errors, `${title}: ${JSON.stringify(errors)}`);
    }
});

test('documentation, explorer and history are there', async (test) => {
    const page = await open(test);
    await run(page);
    await answered(page, '"totalCount"');
    await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).click();
    await page.getByText('Who is signed in; null if nobody is.').waitFor();

    await page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await page.locator('.docExplorerWrap, .graphiql-explorer-root').getByText('viewer', { exact: true }).first().click();
    await editor(page).getByText('viewer').waitFor();

    await page.getByRole('button', { name: 'Show History' }).click();
    await page.getByRole('listitem').getByText('PublicNotes').waitFor();
});

test('tabs outlive the page, with their variables', async (test) => {
    // The page may go while its workers come.
    const page = await open(test, { expected: [/^failed: .*worker.*net::ERR_ABORTED$/] });
    await example(page, 'My todos, by a filter', 'MyTodos');
    await tool(page).getByText('priority').waitFor();
    // Tabs are stored half a second after they change, and apart from them what is in the editors: where that differs, it gets a tab more.
    await page.waitForFunction(() => {
        const isStored = (name, part) => localStorage.getItem(`graphiql:${name}`)?.includes(part);
        return isStored('tabState', 'priority') && isStored('variables', 'priority') && isStored('query', 'MyTodos');
    });
    await page.reload();
    await tab(page, 'MyTodos').waitFor();
    await tab(page, 'PublicNotes').waitFor();
    await tool(page).getByText('priority').waitFor();
});

test('one signs in with an address and a password, sees who is signed in, and signs out', async (test) => {
    const page = await open(test);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail').fill(USER);
    await dialog.getByLabel('Password').fill('not the password');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByRole('alert').getByText('wrong e-mail address or password').waitFor();
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('dialog', { name: 'Signed in' }).getByText(USER).waitFor();
    const [cookie] = await page.context().cookies();
    assert.ok(cookie.httpOnly, 'scripts can read the session');

    await dialog.getByRole('button', { name: 'Sign out' }).click();
    await dialog.getByLabel('E-mail').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
});

test('a mutation in the editor that signs in shows', async (test) => {
    const page = await open(test);
    await write(page, editor(page), `mutation { signIn(input: { email: "${USER}", password: "${PASSWORD}" }) { viewer { name } } }`);
    await run(page);
    const { name } = (await server.ask('{ viewer { name } }', { token: await server.signIn(USER) })).viewer;
    await page.getByRole('button', { name }).waitFor();
});

test('headers go along', async (test) => {
    const token = await server.signIn(USER);
    const page = await open(test);
    await write(page, editor(page), 'query { viewer { email } }');
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await write(page, tool(page), JSON.stringify({ Authorization: `Bearer ${token}` }));
    await run(page);
    await answered(page, USER);
});

/** Follows changes in a page, and has them made by `psql` until the page shows one: nothing tells when it has begun. */
async function followsChanges(page, mark) {
    const ended = new AbortController();
    const changes = (async () => {
        for (let count = 0; !ended.signal.aborted; count += 1) {
            await postgres.psql(`UPDATE todo SET text = '${mark} ${count}' WHERE id = (SELECT id FROM todo ORDER BY id LIMIT 1)`);
        }
    })();
    await run(page);
    await answered(page, mark).finally(() => ended.abort());
    await changes;
}

test('a subscription tells of changes by others, over a WebSocket', async (test) => {
    const page = await open(test);
    await signIn(page, ADMINISTRATOR);
    await example(page, 'Follow changes of todos', 'TodoChanges');
    const opened = page.waitForEvent('websocket');
    await followsChanges(page, 'over a socket');
    assert.equal(new URL((await opened).url()).pathname, '/graphql');
});

test('a subscription comes by an event stream where no WebSocket can be opened', async (test) => {
    const page = await open(test, { expected: [/WebSocket/] });
    await signIn(page, ADMINISTRATOR);
    await page.evaluate(() => {
        globalThis.WebSocket = class extends WebSocket {
            constructor() {
                super(new URL('/nowhere', location.href).href.replace('http', 'ws'));
            }
        };
    });
    await example(page, 'Follow changes of todos', 'TodoChanges');
    const asked = page.waitForRequest((request) => request.headers().accept === 'text/event-stream');
    await followsChanges(page, 'by a stream');
    await asked;
});

test('a subscription comes by an event stream where the headers ask for one', async (test) => {
    const page = await open(test);
    page.on('websocket', () => assert.fail('a WebSocket was opened'));
    await signIn(page, ADMINISTRATOR);
    await example(page, 'Follow changes of todos', 'TodoChanges');
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    await write(page, tool(page), '{ "accept": "text/event-stream" }');
    await followsChanges(page, 'as the headers say');
});

test('a live query is answered again when its answer is another one', async (test) => {
    const page = await open(test);
    await signIn(page, ADMINISTRATOR);
    await example(page, 'Todos, live', 'LiveTodos');
    await run(page);
    // Its first answer says that it has begun.
    await answered(page, '"totalCount"');
    // It shows the newest.
    const change = "text = 'told live', updated_at = now()";
    await postgres.psql(`UPDATE todo SET ${change} WHERE id = (SELECT id FROM todo ORDER BY id LIMIT 1)`);
    await answered(page, 'told live');
});

test('a subscription that the server ends says why', async (test) => {
    const page = await open(test);
    await example(page, 'Follow changes of todos', 'TodoChanges');
    await run(page);
    await answered(page, 'UNAUTHENTICATED');
});

test('the page follows the system into the dark', async (test) => {
    const page = await open(test, { colorScheme: 'light' });
    const dark = page.locator('.monaco-editor.vs-dark, .monaco-editor.graphiql-DARK');
    assert.equal(await dark.count(), 0);
    await page.emulateMedia({ colorScheme: 'dark' });
    await dark.first().waitFor();
});

test('a document in the address is opened in a tab of its own, and not executed', async (test) => {
    const page = await open(test);
    const asked = [];
    page.on('request', (request) => asked.push(request.postData() ?? ''));
    await page.evaluate(() => (location.hash = `query=${encodeURIComponent('query Addressed { viewer { name } } # 100% + 1')}`));
    await tab(page, 'Addressed').waitFor();
    await editor(page).getByText('100% + 1').waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await tab(page, 'PublicNotes').waitFor();
    assert.ok(!asked.some((body) => body.includes('Addressed')), 'it was executed');
    await run(page);
    await answered(page, '"viewer": null');
});
