/** Studio where there is a lot. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { startPostgres, startServer } from '../server.js';
import { openStudio, row } from './studio.js';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

/** Each is later than all that there were. */
const MANY = `
    INSERT INTO todo (id, user_id, text, created_at, updated_at)
    SELECT gen_random_uuid(), (SELECT id FROM "user" WHERE email = 'user1@example.test'), 'Count to ' || number,
           now() + number * interval '1 second', now()
    FROM generate_series(1, 100000) AS number`;
/** Far more than any of it takes. */
const SOON = { timeout: 20_000 };

test('a hundred thousand rows are paged through, ordered, searched and jumped to the end of', async (test) => {
    const page = await openStudio(test, browser, server);
    const button = (name) => page.getByRole('group', { name: 'Pages' }).getByRole('button', { name });
    const text = (text) => page.locator('td[data-label="text"]').getByText(text, { exact: true });
    const shown = () => page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.id));
    /** Does something, waits until it shows, and says how long that took: docs/studio.md tells of it. */
    const timed = async (name, act, seen) => {
        const begun = performance.now();
        await act();
        await seen();
        test.diagnostic(`${name}: ${Math.round(performance.now() - begun)} ms`);
    };
    const turn = (name, to, seen) => timed(name, () => button(to).click(SOON), seen);

    await page.getByText(/^50 of \d{1,3}$/).waitFor();
    await postgres.psql(MANY);
    // The page has heard of it, or was told that it had missed too much.
    await page.getByText(/^50 of 100,\d{3}$/).waitFor(SOON);
    const [oldest] = await shown();
    const isGone = () => row(page, oldest).waitFor({ state: 'detached', ...SOON });
    const isBack = () => row(page, oldest).waitFor(SOON);
    await timed('open', () => page.reload(), () => page.getByText(/^50 of 100,\d{3}$/).waitFor(SOON));
    await turn('next page', 'Next', isGone);
    await turn('previous page', 'Previous', isBack);

    const heading = page.getByRole('columnheader', { name: /^createdAt/ }).getByRole('button');
    await heading.click();
    await timed('the other way round', () => heading.click(), () => text('Count to 100000').waitFor(SOON));
    await turn('next page of that', 'Next', () => text('Count to 99950').waitFor(SOON));
    await turn('last page', 'Last', isBack);
    assert.equal((await shown()).at(-1), oldest);
    assert.ok(await button('Last').isDisabled());
    await turn('the page before the last', 'Previous', isGone);
    await turn('first page', 'First', () => text('Count to 100000').waitFor(SOON));

    const search = page.getByRole('search').getByLabel('text');
    await timed('search', () => search.fill('to 4242'), () => page.getByText(/^11 of 11$/).waitFor(SOON));
});
