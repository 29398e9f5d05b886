/** Studio in a browser, for its tests. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { openPage } from '../browser.js';
import { ADMINISTRATOR, PASSWORD } from '../server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What a browser says of what is under way when the page is closed. */
const ENDED_READING = /^failed: .*\/graphql net::ERR_ABORTED$/;

/**
 * Opens Studio as the administrator, or where it asks who that is if `email` is null. The test fails if anything but the server is asked
 * for anything.
 */
export async function openStudio(test, browser, server, { path = '', email = ADMINISTRATOR, expected = [], ...options } = {}) {
    const viewport = { width: 1280, height: 800 };
    const page = await openPage(test, browser, { expected: [ENDED_READING, ...expected], viewport, ...options });
    server.shows(page);
    page.context().on('request', (request) => {
        const { protocol, origin } = new URL(request.url());
        assert.ok(protocol === 'data:' || origin === server.url, `${request.url()} was asked for`);
    });
    await page.goto(`${server.url}/studio#/${path}`);
    await page.getByLabel('E-mail').waitFor();
    if (email !== null) await signIn(page, email);
    return page;
}

export async function signIn(page, email = ADMINISTRATOR) {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('navigation', { name: 'Studio' }).waitFor();
}

export const row = (page, id) => page.locator(`tr[data-id="${id}"]`);
export const cell = (page, id, column) => row(page, id).locator(`td[data-label="${column}"]`);
export const focused = (page, locator) => locator.and(page.locator(':focus')).waitFor();

/** Shows only the rows whose text contains this: as many as are said. */
export async function search(page, text, count = 1) {
    await page.getByRole('search').getByLabel('text').fill(text);
    await page.getByText(new RegExp(`^${count} of ${count}$`)).waitFor();
}

/** A new todo of the administrator, and its id. */
export async function newTodo(server, input) {
    const token = await server.signIn(ADMINISTRATOR);
    const document = 'mutation ($input: CreateTodoInput!) { createTodo(input: $input) { todo { id } } }';
    const { createTodo } = await server.ask(document, { variables: { input }, token });
    return createTodo.todo.id;
}

/** A todo as it is; null if it is not there any more. */
export async function todoOf(server, id) {
    const token = await server.signIn(ADMINISTRATOR);
    return (await server.ask('query ($id: ID!) { todo(id: $id) { text notes priority completed } }', { variables: { id }, token })).todo;
}

/** Keeps jobs that remind of todos from being done, whose text begins with `Jammed`, until `unjam`. */
export function jam(postgres) {
    return postgres.psql(`
        CREATE FUNCTION jam() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.text LIKE 'Jammed%' THEN RAISE EXCEPTION 'jammed'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER jam BEFORE INSERT ON notification FOR EACH ROW EXECUTE FUNCTION jam()`);
}

export const unjam = (postgres) => postgres.psql('DROP TRIGGER jam ON notification; DROP FUNCTION jam');

/**
 * Makes sure that nobody is kept from reading the page: neither by its width nor by what axe knows, of all of it or of what is `within` a
 * selector. The page is kept as an image in the folder `SCREENSHOTS`, if there is one.
 */
export async function isReadable(page, name, within) {
    if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/studio-${name}.png` });
    const { width } = page.viewportSize();
    const wide = await page.evaluate((within) => {
        const part = within ? document.querySelector(within) : document.documentElement;
        return part.getBoundingClientRect().left + part.scrollWidth;
    }, within);
    assert.ok(wide <= width, `${name} is ${wide} pixels wide`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((within) => globalThis.axe.run(within ?? document), within);
    assert.deepEqual(violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0].html}`), []);
}
