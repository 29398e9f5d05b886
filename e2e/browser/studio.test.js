/** Studio in browsers, on a PostgreSQL that is changed by `psql` too. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, startPostgres, startRedis, startServer, USER } from '../server.js';
import { cell, newTodo, openStudio, row, search, todoOf } from './studio.js';

const postgres = await startPostgres({ after });
const redis = await startRedis({ after });
const server = await startServer({ after }, { postgres, redis });
const browser = await startBrowser({ after });

const open = (test, options) => openStudio(test, browser, server, options);
const failureAt = (place) => place.getByRole('alert');

const textOf = async (id) => (await todoOf(server, id))?.text;

async function edit(page, id, column, value) {
    await cell(page, id, column).getByRole('button').click();
    await cell(page, id, column).getByRole('textbox').fill(value);
    await page.keyboard.press('Enter');
}

test('an edit is seen at once by the API and by another browser', async (test) => {
    const id = await newTodo(server, { text: 'Sharpen the saw' });
    const [page, other] = [await open(test), await open(test)];
    await search(page, 'Sharpen the saw');
    await search(other, 'the saw');
    await edit(page, id, 'text', 'Oil the saw');
    // The filter holds no longer.
    await page.getByText('No todos here.').waitFor();
    assert.equal(await textOf(id), 'Oil the saw');
    await cell(other, id, 'text').getByText('Oil the saw').waitFor();
});

test('what psql changes is shown without asking', async (test) => {
    const id = await newTodo(server, { text: 'Wind the clock' });
    const page = await open(test);
    await search(page, 'the clock');
    await postgres.psql(`UPDATE todo SET text = 'Stop the clock' WHERE text = 'Wind the clock'`);
    await cell(page, id, 'text').getByText('Stop the clock').waitFor();
    await postgres.psql(`DELETE FROM todo WHERE text = 'Stop the clock'`);
    await page.getByText('No todos here.').waitFor();
});

test('who has changed nothing undoes nothing, and what is typed is not taken away', async (test) => {
    const id = await newTodo(server, { text: 'Fold the map', notes: 'North' });
    const page = await open(test);
    await search(page, 'the map');
    const value = (column) => cell(page, id, column).getByRole('button');
    const input = (column) => cell(page, id, column).getByRole('textbox');
    const elsewhere = (change) => postgres.psql(`UPDATE todo SET ${change} WHERE notes LIKE 'North%' OR notes LIKE 'South%'`);

    await value('notes').click();
    await elsewhere(`notes = 'South'`);
    await cell(page, id, 'cache').getByText(/by somebody outside/).waitFor();
    await input('notes').press('Enter');
    await value('notes').getByText('South').waitFor();
    assert.equal((await todoOf(server, id)).notes, 'South');

    await value('notes').click();
    await input('notes').fill('South by east');
    // The filter holds no longer, so the row is to go.
    await elsewhere(`text = 'Fold the chart'`);
    await cell(page, id, 'cache').getByText(/by somebody outside/).waitFor();
    await sleep(1000);
    assert.equal(await input('notes').inputValue(), 'South by east');
    await input('notes').press('Enter');
    await page.getByText('No todos here.').waitFor();
    const { text, notes } = await todoOf(server, id);
    assert.deepEqual([text, notes], ['Fold the chart', 'South by east']);
});

test('a time that is typed only in part is none', async (test) => {
    const id = await newTodo(server, { text: 'Meet the zeppelin', dueAt: '2031-05-06T07:08:09Z' });
    const page = await open(test);
    await search(page, 'the zeppelin');
    await cell(page, id, 'dueAt').getByRole('button').click();
    const input = cell(page, id, 'dueAt').locator('input');
    await input.press('Backspace');
    await input.press('Enter');
    await failureAt(cell(page, id, 'dueAt')).waitFor();
    await postgres.psql(`UPDATE todo SET notes = due_at::text WHERE text = 'Meet the zeppelin'`);
    assert.match((await todoOf(server, id)).notes, /^2031-05-06/, 'it was cleared');
});

test('all tables and objects follow what psql changes', async (test) => {
    const page = await open(test, { path: 'users' });
    const name = await page.locator('td[data-label="name"]').first().innerText();
    const rename = (from, to) => postgres.psql(`UPDATE "user" SET name = '${to}' WHERE name = '${from}'`);
    await rename(name, 'Somebody Else');
    await page.locator('td[data-label="name"]').getByText('Somebody Else').waitFor();
    await page.locator('tr').filter({ hasText: 'Somebody Else' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'User Somebody Else' }).waitFor();
    await rename('Somebody Else', name);
    await page.getByRole('heading', { name: `User ${name}` }).waitFor();
});

test('what has no list of its own is with whom it belongs to', async (test) => {
    const token = await server.signIn(ADMINISTRATOR);
    const { viewer } = await server.ask('{ viewer { id } }', { token });
    await newTodo(server, { text: 'Ring the bell', remindAt: new Date().toISOString() });
    await server.ask('mutation { exportMyData { export { id } } }', { token });
    const page = await open(test, { path: `user/${viewer.id}/notifications` });
    await page.locator('td[data-label="text"]').getByText('Ring the bell').waitFor();
    await page.getByRole('search').getByLabel('unread').selectOption('false');
    await page.getByText('No notifications here.').waitFor();
    await page.getByRole('link', { name: 'exports' }).click();
    await page.locator('td[data-label="status"]').getByText('DONE').waitFor();
    await page.locator('td[data-label="id"]').getByRole('link').first().click();
    await page.getByRole('heading', { name: /^Export export_/ }).waitFor();
    // It is nobody else's, whoever asks.
    const id = page.url().split('/').at(-1);
    const other = await open(test, { path: `export/${id}`, email: USER });
    await failureAt(other).getByText('There is no such export that you may see.').waitFor();
});

test('profiles are a table that leads to their users and follows psql', async (test) => {
    const page = await open(test, { path: 'profiles' });
    const bio = page.locator('td[data-label="bio"]');
    await bio.first().waitFor();
    await postgres.psql(`UPDATE profile SET bio = 'Mends nets' WHERE user_id = (SELECT user_id FROM profile ORDER BY user_id LIMIT 1)`);
    await bio.getByText('Mends nets').waitFor();
    await page.getByRole('search').getByLabel('text').fill('mends NETS');
    await page.getByText('1 of 1').waitFor();
    // No mutation changes the profile of somebody else.
    assert.equal(await bio.getByRole('button').count(), 0);
    await page.locator('td[data-label="user"]').getByRole('link').click();
    await page.getByRole('heading', { name: /^User / }).waitFor();
    await page.locator('dd').getByRole('link', { name: /^profile_/ }).click();
    await page.getByRole('heading', { name: /^Profile profile_/ }).waitFor();
});

test('rows come while others change all the time', async (test) => {
    const page = await open(test);
    await search(page, 'the tide', 0);
    const busy = await newTodo(server, { text: 'Watch the sea' });
    let isOver = false;
    const writing = (async () => {
        for (let number = 0; !isOver; number += 1) {
            await postgres.psql(`UPDATE todo SET notes = '${number}' WHERE text = 'Watch the sea'`);
        }
    })();
    await newTodo(server, { text: 'Wait for the tide' });
    await page.getByText('1 of 1').waitFor();
    isOver = true;
    await writing;
    assert.ok(busy);
});

test('what is wrong with a value is said at its field, and nothing is changed', async (test) => {
    const id = await newTodo(server, { text: 'Count the spoons' });
    const page = await open(test);
    await search(page, 'spoons');
    await edit(page, id, 'text', '');
    await failureAt(cell(page, id, 'text')).getByText('must not be empty').waitFor();
    assert.equal(await textOf(id), 'Count the spoons');
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'New todo' }).click();
    const form = page.getByRole('form', { name: 'New row' });
    await form.getByRole('button', { name: 'Create' }).click();
    await failureAt(form.locator('label').filter({ hasText: 'text String!' })).waitFor();
    assert.equal(await form.getByRole('alert').count(), 1);
});

test('a row is created', async (test) => {
    const page = await open(test);
    await page.getByRole('button', { name: 'New todo' }).click();
    const form = page.getByRole('form', { name: 'New row' });
    await form.getByLabel('text').first().fill('Polish the brass');
    await form.getByLabel('priority').selectOption('HIGH');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.waitFor({ state: 'detached' });
    await search(page, 'the brass');
    await page.getByRole('cell', { name: /^priority: HIGH/ }).waitFor();
});

test('a deletion can be undone, and is done if it is not', async (test) => {
    const id = await newTodo(server, { text: 'Burn the letters' });
    const page = await open(test);
    await search(page, 'the letters');
    // Time stands still but for what is said below.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    const remove = () => row(page, id).getByRole('button', { name: 'Delete Burn the letters' }).click();
    await remove();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await page.clock.fastForward(60_000);
    assert.equal(await textOf(id), 'Burn the letters');
    await remove();
    await page.clock.fastForward(5_000);
    assert.equal(await textOf(id), 'Burn the letters', 'it was deleted while that could still be undone');
    await page.clock.fastForward(60_000);
    await page.getByText('No todos here.').waitFor();
    assert.equal(await textOf(id), undefined);
});

test('a deletion can be undone on another page', async (test) => {
    const id = await newTodo(server, { text: 'Close the account' });
    const page = await open(test);
    await search(page, 'the account');
    await row(page, id).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('link', { name: 'tide', exact: true }).click();
    await page.getByRole('heading', { name: 'tide' }).waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await sleep(7000);
    assert.equal(await textOf(id), 'Close the account');
});

test('where nothing can be followed, that is said, and tables are read again', async (test) => {
    const few = await startServer(test, { postgres, redis, environment: { TIDEWATER_MAX_STREAMS: '1' } });
    const id = await newTodo(few, { text: 'Pick the lock' });
    const page = await openStudio(test, browser, few, { expected: [/503/] });
    const other = await openStudio(test, browser, few, { expected: [/503/] });
    await other.getByText(/^Changes are not shown as they happen/).waitFor();
    await search(other, 'the lock');
    await postgres.psql(`UPDATE todo SET notes = 'Twice' WHERE text = 'Pick the lock'`);
    await cell(other, id, 'notes').getByText('Twice').waitFor();
    await page.close();
});

test('nobody has to sign in to see what is public, or what a server under development shows to all', async (test) => {
    const developed = await startServer(test, { postgres, environment: { TIDEWATER_DEVELOPMENT: 'true' } });
    for (const [at, isTold] of [[server, false], [developed, true]]) {
        const page = await openStudio(test, browser, at, { email: null, path: 'notes' });
        await page.getByRole('button', { name: 'Go on without signing in' }).click();
        await page.getByText('You are not signed in').waitFor();
        await page.locator('tbody tr').first().waitFor();
        await page.getByRole('link', { name: 'tide', exact: true }).click();
        if (isTold) await page.getByText(/polls/).first().waitFor();
        else await page.getByRole('alert').first().waitFor();
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByLabel('Password').waitFor();
    }
});

test('rows are ordered, and read page by page', async (test) => {
    const page = await open(test);
    const shown = () => page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.id));
    await page.getByText(/^50 of \d+/).waitFor();
    const first = await shown();
    await page.getByRole('button', { name: 'Next' }).click();
    await row(page, first[0]).waitFor({ state: 'detached' });
    const second = await shown();
    assert.ok(second.every((id) => !first.includes(id)));
    await page.getByRole('button', { name: 'Previous' }).click();
    await row(page, first[0]).waitFor();
    assert.deepEqual(await shown(), first);

    const heading = page.getByRole('columnheader', { name: /^createdAt/ });
    await heading.getByRole('button').click();
    assert.equal(await heading.getAttribute('aria-sort'), 'ascending');
    await heading.getByRole('button').click();
    assert.equal(await heading.getAttribute('aria-sort'), 'descending');
    await row(page, first[0]).waitFor({ state: 'detached' });
    const times = await page.locator('td[data-label="createdAt"]').allInnerTexts();
    assert.deepEqual(times, times.toSorted().reverse());
});

test('where there is no room for headings, each value says what it is, and rows are ordered by a choice', async (test) => {
    const page = await open(test, { viewport: { width: 360, height: 800 } });
    const order = page.getByRole('combobox', { name: /^order/ });
    const values = (column) => page.locator(`td[data-label="${column}"]`);
    await page.getByText(/^50 of \d+/).waitFor();
    const first = await page.locator('tbody tr').first().getAttribute('data-id');
    assert.match(await values('createdAt').first().evaluate((cell) => getComputedStyle(cell, '::before').content), /createdAt.*DateTime!/);
    // What is laid out as something else is a table to a screen reader only if it says so.
    const silent = page.locator('table:not([role]), tbody:not([role]), tr:not([role]), td:not([role])');
    assert.equal(await silent.count(), 0);
    await order.selectOption('createdAt descending');
    await row(page, first).waitFor({ state: 'detached' });
    const times = await values('createdAt').allInnerTexts();
    assert.deepEqual(times, times.toSorted().reverse());
    assert.notEqual(new Set(times).size, 1);

    await page.goto(`${server.url}/studio#/sessions`);
    await order.selectOption('createdAt ascending');
    const begun = await values('createdAt').allInnerTexts();
    assert.ok(begun.length > 1);
    assert.deepEqual(begun, begun.toSorted());
    await order.selectOption('createdAt descending');
    assert.deepEqual(await values('createdAt').allInnerTexts(), begun.toReversed());
    await page.setViewportSize({ width: 1280, height: 800 });
    await order.waitFor({ state: 'detached' });
});

test('a link leads to an object and its lists', async (test) => {
    const page = await open(test);
    const link = page.locator('td[data-label="user"] a').first();
    const name = await link.innerText();
    await link.click();
    await page.getByRole('heading', { name: `User ${name}` }).waitFor();
    await page.getByRole('link', { name: 'tags' }).last().click();
    await page.getByRole('heading', { name: 'tags' }).waitFor();
    await page.locator('td[data-label="user"]').first().getByText(name).waitFor();
});

test('beside a row is what the caches keep of it, and a button that has it forgotten', async (test) => {
    const id = await newTodo(server, { text: 'Empty the attic' });
    const page = await open(test);
    await search(page, 'the attic');
    const kept = cell(page, id, 'cache');
    await kept.getByText(/^memory \d/).waitFor();
    await kept.getByText(/^Redis \d+(\.\d)? (ms|s)$/).waitFor();
    await kept.getByText(/changed \d\d:\d\d:\d\d by this server/).waitFor();
    const isDropped = async () => {
        await kept.getByRole('button', { name: 'Drop Empty the attic from the caches' }).click();
        const isForgotten = Promise.all(['memory dropped', 'Redis nothing'].map((told) => kept.getByText(told).waitFor({ timeout: 2000 })));
        return isForgotten.then(() => true, () => false);
    };
    // Soon after it was opened, the page reads its rows once more, which keeps them.
    assert.ok((await isDropped()) || (await isDropped()), 'it is kept on');

    // The next read says so.
    const reasons = async () => {
        const query = '{ tide { spaces { name misses { reason count } } } }';
        const { tide } = await server.ask(query, { token: await server.signIn(ADMINISTRATOR) });
        const { misses } = tide.spaces.find(({ name }) => name === 'todo');
        return misses.find(({ reason }) => reason === 'DROPPED')?.count ?? 0;
    };
    const before = await reasons();
    assert.equal(await textOf(id), 'Empty the attic');
    assert.equal(await reasons(), before + 1);
    await kept.getByText(/^memory \d/).waitFor();

    await postgres.psql(`UPDATE todo SET completed = true WHERE text = 'Empty the attic'`);
    await kept.getByText(/by somebody outside \(psql\)/).waitFor();
    await cell(page, id, 'completed').getByText('true').waitFor();
});

test('who is no administrator is told what that means', async (test) => {
    const page = await open(test, { email: USER });
    await page.getByText('You are no administrator').waitFor();
    await page.locator('tbody tr').first().waitFor();
    const names = new Set(await page.locator('td[data-label="user"]').allInnerTexts());
    assert.equal(names.size, 1, 'todos of others are shown');
    assert.equal(await page.getByRole('columnheader', { name: 'cache' }).count(), 0);
    for (const path of ['tide', 'queries', 'jobs']) {
        await page.goto(`${server.url}/studio#/${path}`);
        await page.getByRole('alert').getByText('only an ADMIN may see what the server does').waitFor();
    }
});
