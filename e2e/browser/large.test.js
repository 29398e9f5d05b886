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
    await page.getByText(/^50 of \d{1,3}$/).waitFor();
    await postgres.psql(MANY);
    // The page has heard of it, or was told that it had missed too much.
    await page.getByText(/^50 of 100,\d{3}$/).waitFor(SOON);
    const [oldest] = await shown();
    await button('Next').click(SOON);
    await row(page, oldest).waitFor({ state: 'detached', ...SOON });
    await button('Previous').click(SOON);
    await row(page, oldest).waitFor(SOON);

    const heading = page.getByRole('columnheader', { name: /^createdAt/ }).getByRole('button');
    await heading.click();
    await heading.click();
    await text('Count to 100000').waitFor(SOON);
    await button('Next').click(SOON);
    await text('Count to 99950').waitFor(SOON);
    await button('Last').click(SOON);
    await row(page, oldest).waitFor(SOON);
    assert.equal((await shown()).at(-1), oldest);
    assert.ok(await button('Last').isDisabled());
    await button('Previous').click(SOON);
    await row(page, oldest).waitFor({ state: 'detached', ...SOON });
    await button('First').click(SOON);
    await text('Count to 100000').waitFor(SOON);

    await page.getByRole('search').getByLabel('text').fill('to 4242');
    await page.getByText(/^11 of 11$/).waitFor(SOON);
});
