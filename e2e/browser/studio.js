/** Studio in a browser, for its tests. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { openPage } from '../browser.js';
import { ADMINISTRATOR, PASSWORD } from '../server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What a browser says of what is under way when the page is closed. */
const ENDED_READING = /^failed: .*\/graphql net::ERR_ABORTED$/;

/** Opens Studio as the administrator. The test fails if anything but the server is asked for anything. */
export async function openStudio(test, browser, server, { path = '', email = ADMINISTRATOR, expected = [], ...options } = {}) {
    const viewport = { width: 1280, height: 800 };
    const page = await openPage(test, browser, { expected: [ENDED_READING, ...expected], viewport, ...options });
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

export const row = (page, id) => page.locator(`tr[data-id="${id}"]`);
export const cell = (page, id, column) => row(page, id).locator(`td[data-label="${column}"]`);

/** Shows only the todos whose text contains this. */
export async function search(page, text) {
    await page.getByRole('search').getByLabel('text').fill(text);
    await page.getByText(/^1 of 1$/).waitFor();
}

/** A new todo of the administrator, and its id. */
export async function newTodo(server, input) {
    const token = await server.signIn(ADMINISTRATOR);
    const document = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { todo { id } } }';
    const { createTodo } = await server.ask(document, { variables: { input }, token });
    return createTodo.todo.id;
}

/** Makes sure that nobody is kept from reading the page: neither by its width nor by what axe knows. */
export async function isReadable(page, name) {
    const { width } = page.viewportSize();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= width, `${name} is ${wide} pixels wide`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0].html}`), []);
}
