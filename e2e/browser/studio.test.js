/** Studio in browsers, on a PostgreSQL that is changed by `psql` too. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';

import { openPage, startBrowser } from '../browser.js';
import { ADMINISTRATOR, PASSWORD, startPostgres, startServer, USER } from '../server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

/** What a browser says of what is under way when the page is closed. */
const ENDED_READING = /^failed: .*\/graphql net::ERR_ABORTED$/;

/** Opens Studio as the administrator. The test fails if anything but the server is asked for anything. */
async function open(test, { path = '', email = ADMINISTRATOR, ...options } = {}) {
    const expected = [ENDED_READING];
    const page = await openPage(test, browser, { expected, viewport: { width: 1280, height: 800 }, ...options });
    page.context().on('request', (request) => {
        const { protocol, origin } = new URL(request.url());
        assert.ok(protocol === 'data:' || origin === server.url, `${request.url()} was asked for`);
    });
    await page.goto(`${server.url}/studio#/${path}`);
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Studio' }).waitFor();
    return page;
}

const row = (page, id) => page.locator(`tr[data-id="${id}"]`);
const cell = (page, id, column) => row(page, id).locator(`td[data-label="${column}"]`);
const failureAt = (place) => place.getByRole('alert');

/** A new todo of the administrator, and its id. */
async function newTodo(text) {
    const token = await server.signIn(ADMINISTRATOR);
    const document = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { todo { id } } }';
    const { createTodo } = await server.ask(document, { variables: { input: { text } }, token });
    return createTodo.todo.id;
}

async function textOf(id) {
    const document = 'query ($id: ID!) { todo(id: $id) { text } }';
    return (await server.ask(document, { variables: { id }, token: await server.signIn(ADMINISTRATOR) })).todo?.text;
}

/** Shows only the todos whose text contains this. */
async function search(page, text) {
    await page.getByRole('search').getByLabel('text').fill(text);
    await page.getByText(/^1 of 1$/).waitFor();
}

async function edit(page, id, column, value) {
    await cell(page, id, column).getByRole('button').click();
    await cell(page, id, column).getByRole('textbox').fill(value);
    await page.keyboard.press('Enter');
}

test('an edit is seen at once by the API and by another browser', async (test) => {
    const id = await newTodo('Sharpen the saw');
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
    const id = await newTodo('Wind the clock');
    const page = await open(test);
    await search(page, 'the clock');
    await postgres.psql(`UPDATE todo SET text = 'Stop the clock' WHERE text = 'Wind the clock'`);
    await cell(page, id, 'text').getByText('Stop the clock').waitFor();
    await postgres.psql(`DELETE FROM todo WHERE text = 'Stop the clock'`);
    await page.getByText('No todos here.').waitFor();
});

test('what is wrong with a value is said at its field, and nothing is changed', async (test) => {
    const id = await newTodo('Count the spoons');
    const page = await open(test);
    await search(page, 'spoons');
    await edit(page, id, 'text', '');
    await failureAt(cell(page, id, 'text')).getByText('must not be empty').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await textOf(id), 'Count the spoons');

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
    const id = await newTodo('Burn the letters');
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

test('a session is revoked', async (test) => {
    const token = await server.signIn(USER);
    const { viewer } = await server.ask('{ viewer { id } }', { token });
    const page = await open(test, { path: `user/${viewer.id}/sessions` });
    await page.getByRole('button', { name: /^Revoke/ }).first().waitFor();
    const count = await page.getByRole('button', { name: /^Revoke/ }).count();
    for (let left = count; left > 0; left -= 1) {
        await page.getByText(`${left} in all`).waitFor();
        await page.getByRole('button', { name: /^Revoke/ }).first().click();
    }
    await page.getByText('The user is signed in nowhere.').waitFor();
    assert.equal((await server.ask('{ viewer { id } }', { token })).viewer, null);
});

test('a value is edited by the keyboard alone', async (test) => {
    const id = await newTodo('Feed the cat');
    const page = await open(test);
    await search(page, 'the cat');
    await row(page, id).getByRole('link').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Feed the dog and the cat');
    await page.keyboard.press('Enter');
    await cell(page, id, 'text').getByText('Feed the dog and the cat').waitFor();
    assert.equal(await textOf(id), 'Feed the dog and the cat');
});

test('who is no administrator is told what that means', async (test) => {
    const page = await open(test, { email: USER });
    await page.getByText('You are no administrator').waitFor();
    await page.locator('tbody tr').first().waitFor();
    const names = new Set(await page.locator('td[data-label="user"]').allInnerTexts());
    assert.equal(names.size, 1, 'todos of others are shown');
});

for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
]) {
    test(`everybody can read it, ${colorScheme}, in ${width} pixels`, async (test) => {
        const id = await newTodo(`Light the lamp, ${colorScheme}`);
        const page = await open(test, { colorScheme, viewport: { width, height: 800 } });
        await page.evaluate(AXE);
        for (const path of ['todos', 'sessions']) {
            await page.goto(`${server.url}/studio#/${path}`);
            await page.locator('tbody tr').first().waitFor();
            if (path === 'todos') {
                await page.getByRole('button', { name: 'New todo' }).click();
                await search(page, `the lamp, ${colorScheme}`);
                await row(page, id).waitFor();
            }
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            assert.ok(wide <= width, `${path} is ${wide} pixels wide`);
            const { violations } = await page.evaluate(() => globalThis.axe.run());
            assert.deepEqual(violations.map(({ id, nodes }) => `${path}: ${id} ${nodes[0].html}`), []);
        }
    });
}
