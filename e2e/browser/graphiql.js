/** GraphiQL in a browser, for its tests. */

import assert from 'node:assert/strict';

import { openPage } from '../browser.js';

/** What a browser says of what the page ends, or of what is under way when it is closed. */
const ENDED = /^failed: .*\/graphql net::ERR_ABORTED$/;

/** Opens GraphiQL. The test fails if anything but the server is asked for anything. */
export async function openGraphiql(test, browser, server, { expected = [], ...options } = {}) {
    const viewport = { width: 1280, height: 800 };
    const page = await openPage(test, browser, { viewport, expected: [ENDED, ...expected], ...options });
    server.shows(page);
    const elsewhere = [];
    page.context().on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol !== 'data:' && url.origin !== server.url) elsewhere.push(url.href);
    });
    test.after(() => assert.deepEqual(elsewhere, [], 'something else than the server was asked'));
    await page.goto(server.url);
    await editor(page).waitFor();
    return page;
}

export const editor = (page) => page.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines');
export const answer = (page) => page.locator('.graphiql-response .view-lines');
export const tool = (page) => page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines');
export const tab = (page, name) => page.getByRole('tab').getByRole('button', { name, exact: true });
export const run = (page) => page.getByRole('button', { name: /Execute query/ }).click();

export async function write(page, editor, text) {
    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
}

export async function signIn(page, email) {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: email }).click();
    await page.getByRole('dialog', { name: 'Signed in' }).waitFor();
    await page.keyboard.press('Escape');
}

/** Waits for an answer in which `text` is found. Lines of the editor end where they are wrapped, and blanks are no blanks. */
export async function answered(page, text) {
    await page.waitForFunction(
        (text) => {
            const shown = document.querySelector('.graphiql-response .view-lines')?.textContent ?? '';
            return shown.replaceAll('\u00a0', ' ').includes(text);
        },
        text,
    );
}
