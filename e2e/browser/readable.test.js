/** That everybody can read Studio, and GraphiQL's panel Explain: in the light and in the dark, on wide screens and on narrow ones. */

import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, startPostgres, startRedis, startServer } from '../server.js';
import { openGraphiql, run, signIn as signInToGraphiql } from './graphiql.js';
import { cell, focused, isReadable, jam, newTodo, openStudio, row, search, signIn } from './studio.js';

const postgres = await startPostgres({ after });
const redis = await startRedis({ after });
const environment = { TIDEWATER_JOB_ATTEMPTS: '1', TIDEWATER_JOB_SWEEP_INTERVAL: '1h' };
const server = await startServer({ after }, { postgres, redis, environment });
const browser = await startBrowser({ after });

const TEXT = 'Light the lamp at the end of the pier before the last of the boats is home';
const todo = await newTodo(server, { text: TEXT, notes: 'With the matches from the drawer.', priority: 'HIGH' });
const token = await server.signIn(ADMINISTRATOR);
const { viewer } = await server.ask('{ viewer { id } }', { token });
await jam(postgres);
await newTodo(server, { text: 'Jammed door', remindAt: new Date().toISOString() });

const rows = (page, name) => page.getByRole('region', { name }).locator('tbody tr').first().waitFor();
const findsTodo = async (page) => {
    await search(page, 'the end of the pier');
    await row(page, todo).waitFor();
    await cell(page, todo, 'cache').getByText(/^Redis/).waitFor();
};

/** Each page, or state of one: where it is, and what is done before anybody looks. */
const PAGES = [
    ['todos', 'todos', (page) => rows(page, 'Rows of Todo')],
    ['notes', 'notes', (page) => rows(page, 'Rows of Note')],
    ['tags', 'tags', (page) => rows(page, 'Rows of Tag')],
    ['profiles', 'profiles', (page) => rows(page, 'Rows of Profile')],
    ['todo', `todo/${todo}`, (page) => page.getByRole('heading', { name: /^Todo / }).waitFor()],
    ['user', `user/${viewer.id}`, (page) => rows(page, /^Rows of/)],
    ['user-sessions', `user/${viewer.id}/sessions`, (page) => rows(page, 'Rows of sessions')],
    ['sessions', 'sessions', (page) => rows(page, 'Rows of sessions')],
    ['tide', 'tide', async (page) => {
        await rows(page, 'Changes of the database');
        await page.getByRole('region', { name: 'Kinds of values' }).getByRole('button', { expanded: false }).first().click();
        await page.getByRole('figure', { name: /^What answered/ }).locator('path.line-1[d*="L"]').waitFor({ state: 'attached' });
    }],
    ['queries', 'queries', async (page) => {
        await rows(page, 'Busiest operations');
        await page.getByRole('button', { expanded: false }).first().click();
        await page.getByRole('link', { name: 'Open in GraphiQL' }).waitFor();
    }],
    ['jobs', 'jobs', (page) => rows(page, 'Jobs that were given up')],
    ['nowhere', 'nothing/at/all', (page) => page.getByText('There is nothing at this address.').waitFor()],
    ['created', 'todos', async (page) => {
        await page.getByRole('button', { name: 'New todo' }).click();
        await page.getByRole('button', { name: 'Create', exact: true }).click();
        await page.getByRole('form', { name: 'New row' }).getByRole('alert').waitFor();
    }],
    ['edited', 'todos', async (page) => {
        await findsTodo(page);
        await cell(page, todo, 'text').getByRole('button').click();
        await cell(page, todo, 'text').getByRole('textbox').fill('');
        await page.keyboard.press('Enter');
        await cell(page, todo, 'text').getByRole('alert').waitFor();
    }],
    ['deleted', 'todos', async (page) => {
        await findsTodo(page);
        await row(page, todo).getByRole('button', { name: 'Delete' }).focus();
        await page.keyboard.press('Enter');
        // Where the time is stopped.
        await focused(page, page.getByRole('button', { name: 'Undo' }));
    }, (page) => page.keyboard.press('Enter')],
    ['empty', 'todos', async (page) => {
        await page.getByRole('search').getByLabel('text').fill('nowhere to be found');
        await page.getByText('No todos here.').waitFor();
    }],
];

for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 360]) {
        const options = { colorScheme, viewport: { width, height: 800 } };
        const look = (page, name, within) => isReadable(page, `${name}-${colorScheme}-${width}`, within);

        test(`everybody can read it, ${colorScheme}, in ${width} pixels`, async (test) => {
            const page = await openStudio(test, browser, server, { email: null, ...options });
            await test.test('sign-in', () => look(page, 'sign-in'));
            await signIn(page);
            for (const [name, path, prepare, leave] of PAGES) {
                await test.test(name, async () => {
                    // From another page, so that nothing is left of what was done to this one.
                    await page.goto('about:blank');
                    await page.goto(`${server.url}/studio#/${path}`);
                    await prepare(page);
                    await look(page, name);
                    await leave?.(page);
                });
            }
        });

        test(`everybody can read that the server is gone, ${colorScheme}, in ${width} pixels`, async (test) => {
            const page = await openStudio(test, browser, server, { expected: [/./], ...options });
            await rows(page, 'Rows of Todo');
            await server.terminate();
            try {
                await page.getByRole('button', { name: 'Refresh' }).click();
                await page.getByRole('alert').getByText('The server did not answer').waitFor();
                await look(page, 'gone');
            } finally {
                await server.start();
            }
        });

        test(`everybody can read the panel Explain, ${colorScheme}, in ${width} pixels`, async (test) => {
            const page = await openGraphiql(test, browser, server, options);
            await signInToGraphiql(page, ADMINISTRATOR);
            await page.getByRole('button', { name: 'Show Explain' }).click();
            await page.getByRole('checkbox', { name: /Explain each run/ }).check();
            // On a narrow screen, the panel has all the room.
            await page.getByRole('button', { name: 'Hide Explain' }).click();
            await run(page);
            await page.getByRole('button', { name: 'Show Explain' }).click();
            await page.getByRole('region', { name: 'Explain' }).getByRole('heading', { name: 'Reads' }).waitFor();
            await look(page, 'explain', 'section[aria-label="Explain"]');
        });
    }
}
