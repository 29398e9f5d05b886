/** What Studio shows of the server itself, on a PostgreSQL that is changed by `psql` too. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, startPostgres, startRedis, startServer } from '../server.js';
import { cell, jam, newTodo, openStudio, row, search, unjam } from './studio.js';

const postgres = await startPostgres({ after });
const redis = await startRedis({ after });
// A job that fails is given up at once, and nothing but a retry brings it back.
const environment = { TIDEWATER_JOB_ATTEMPTS: '1', TIDEWATER_JOB_SWEEP_INTERVAL: '1h' };
const server = await startServer({ after }, { postgres, redis, environment });
const browser = await startBrowser({ after });

const open = (test, options) => openStudio(test, browser, server, options);
const changes = (page) => page.getByRole('region', { name: 'Changes of the database' });
const told = (page, id) => changes(page).locator('tr').filter({ hasText: id });
const chart = (page, title) => page.getByRole('figure', { name: title });

// Nobody may sign in as often as is asked here.
const token = await server.signIn(ADMINISTRATOR);
const ask = (query) => server.ask(query, { token });

test('a change by psql is named as one from outside, and the row is read again', async (test) => {
    const id = await newTodo(server, { text: 'Mend the fence' });
    const [page, other] = [await open(test, { path: 'tide' }), await open(test)];
    await search(other, 'the fence');
    await told(page, id).getByText('this server').waitFor();
    await postgres.psql(`UPDATE todo SET text = 'Paint the fence' WHERE text = 'Mend the fence'`);
    const change = told(page, id).first();
    await change.getByText('somebody outside (psql)').waitFor();
    await change.getByText('UPDATE').waitFor();
    assert.equal(await change.locator('td[data-label="columns"]').innerText(), 'text');
    const invalidated = change.locator('td[data-label="invalidated"]');
    await invalidated.getByText(`todo(id=${id})`).waitFor();
    await invalidated.getByText(/^todo\(user_id=user_/).waitFor();
    await cell(other, id, 'text').getByText('Paint the fence').waitFor();

    await page.getByLabel('who').selectOption('somebody outside');
    await changes(page).getByText('this server').first().waitFor({ state: 'detached' });
    await told(page, id).getByRole('link').click();
    await page.getByRole('heading', { name: 'Todo Paint the fence' }).waitFor();
});

test('a change by another server is named as such', async (test) => {
    const another = await startServer(test, { postgres, redis });
    const page = await open(test, { path: 'tide' });
    const id = await newTodo(another, { text: 'Rake the leaves' });
    await told(page, id).getByText('another server').waitFor();
});

test('where the change log tells no writers, a server knows what it wrote itself', async (test) => {
    const own = await startServer(test);
    const page = await openStudio(test, browser, own, { path: 'tide' });
    const id = await newTodo(own, { text: 'Shake the rugs' });
    await told(page, id).getByText('this server').waitFor();
    await page.getByLabel('who').selectOption('somebody unknown');
    await page.getByText('No changes were seen.').waitFor();
    await page.getByLabel('who').selectOption('this server');
    await told(page, id).waitFor();
});

test('what changes while the page is paused is shown when it goes on', async (test) => {
    const [page, other] = [await open(test, { path: 'tide' }), await open(test, { path: 'tide' })];
    await told(page, await newTodo(server, { text: 'Wax the floor' })).waitFor();
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.click();
    const id = await newTodo(server, { text: 'Sweep the stairs' });
    await told(other, id).waitFor();
    assert.equal(await told(page, id).count(), 0);
    await pause.click();
    await told(page, id).waitFor();
});

test('what a server does is shown while it does it', async (test) => {
    const id = await newTodo(server, { text: 'Tune the piano' });
    const page = await open(test, { path: 'tide' });
    const kinds = page.getByRole('region', { name: 'Kinds of values' });
    const ended = new AbortController();
    const work = (async () => {
        for (let count = 0; !ended.signal.aborted; count += 1) {
            await ask(`query Tuned { todo(id: "${id}") { text } }`);
            if (count % 20 === 0) await postgres.psql(`UPDATE todo SET notes = '${count}' WHERE text = 'Tune the piano'`);
            // Far from what the server lets one viewer ask a second.
            await sleep(5);
        }
    })();
    test.after(() => work);
    try {
        // Whole responses answer most; what psql changes has to be read again.
        await row(kinds, 'response').getByText('changed').waitFor();
        await chart(page, 'Lookups a second').getByText(/^[1-9]/).first().waitFor();
        await chart(page, 'Hit ratio').getByText(/^\d+(\.\d)? %$/).first().waitFor();
        await chart(page, 'Change log, a second').getByText(/^[\d.]+$/).first().waitFor();
        for (const title of ['Waiting for a poll', 'Redis commands', 'Database statements']) {
            const took = chart(page, title).getByText(/^[1-9][\d.]* (µs|ms|s)$/);
            await took.first().waitFor();
            assert.deepEqual(await chart(page, title).locator('dt').allInnerTexts(), ['p50', 'p95', 'p99']);
        }
        // A line, and no point.
        await chart(page, 'Change log, a second').locator('path.line-1[d*="L"]').waitFor({ state: 'attached' });
    } finally {
        ended.abort();
    }
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await page.getByLabel('tide', { exact: true }).innerText();
    await page.waitForTimeout(2500);
    assert.equal(await page.getByLabel('tide', { exact: true }).innerText(), paused);
});

test('a kind of values opens to what answered it over time', async (test) => {
    const own = await startServer(test, { postgres, redis, environment: { TIDEWATER_RESPONSE_MEMORY: '0' } });
    const id = await newTodo(own, { text: 'Wind the wool' });
    const mine = await own.signIn(ADMINISTRATOR);
    const page = await openStudio(test, browser, own, { path: 'tide' });
    const kinds = page.getByRole('region', { name: 'Kinds of values' });
    await kinds.locator('tbody tr').first().waitFor();
    // The first is for the database; nine of ten are not.
    for (let count = 0; count < 10; count += 1) {
        await own.ask('query ($id: ID!) { todo(id: $id) { text } }', { variables: { id }, token: mine });
    }
    await row(kinds, 'todo').locator('td[data-label="hits"]').getByText('90 %', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await row(kinds, 'todo').getByRole('button', { name: 'todo', expanded: false }).click();
    const answered = chart(page, 'What answered todo');
    const shares = await answered.locator('dl > div').allInnerTexts();
    assert.deepEqual(shares.map((share) => share.replaceAll('\n', ' ')), ['memory 90 %', 'Redis 0 %', 'joined 0 %', 'database 10 %']);
    // A tenth below the top, and a tenth above the bottom, of 80.
    assert.match(await answered.locator('path.line-1').getAttribute('d'), / 8\.0(h0\.5)?$/);
    assert.match(await answered.locator('path.line-4').getAttribute('d'), / 72\.0(h0\.5)?$/);
    await row(kinds, 'todo').getByRole('button', { name: 'todo', expanded: true }).click();
    await answered.waitFor({ state: 'detached' });
});

test('a server that does not answer is said to, and asked again', async (test) => {
    const expected = [/./];
    const own = await startServer(test, { postgres, redis });
    const page = await openStudio(test, browser, own, { path: 'tide', expected });
    await page.getByText('is read').waitFor();
    await own.terminate();
    await page.getByRole('alert').getByText('The server did not answer').first().waitFor();
    await page.getByText('is read').waitFor();
    await own.start();
    await page.getByRole('alert').first().waitFor({ state: 'detached' });
});

test('the busiest operations are ordered, and one is opened in GraphiQL', async (test) => {
    for (let count = 0; count < 30; count += 1) {
        await ask('query Busiest { todos(first: 3, filter: { text: "secret" }) { totalCount } }');
    }
    await ask('query Lazy { viewer { name } }');
    const page = await open(test, { path: 'queries' });
    const operations = page.getByRole('region', { name: 'Busiest operations' });
    const names = () => operations.locator('td[data-label="operation"] button').allInnerTexts();
    const mine = operations.locator('tr').filter({ has: page.getByRole('button', { name: /^Busiest / }) });
    await mine.waitFor();
    assert.equal(await mine.locator('td[data-label="in all"]').innerText(), '30');
    await mine.getByText('never filled').waitFor();
    await mine.getByRole('img', { name: /^change log .+, Redis .+, database .+, rest .+/ }).waitFor();
    assert.match(await mine.locator('td[data-label="each time"]').innerText(), /^[1-9][\d.]* (µs|ms|s)$/);
    await operations.getByRole('columnheader', { name: 'in all' }).getByRole('button').click();
    const rising = await operations.locator('td[data-label="in all"]').allInnerTexts();
    assert.deepEqual(rising.map(Number), rising.map(Number).toSorted((one, other) => one - other));
    assert.notEqual((await names())[0].split(' ')[0], 'Busiest');

    await mine.getByRole('button').click();
    const opened = page.context().waitForEvent('page');
    const link = operations.getByRole('link', { name: 'Open in GraphiQL' });
    assert.ok(!(await operations.locator('pre').innerText()).includes('secret'), 'a text of a document is shown');
    await link.click();
    const graphiql = await opened;
    await graphiql.getByRole('tab', { name: /Busiest/ }).waitFor();
    const editor = graphiql.getByRole('region', { name: 'Operation Editor' }).locator('.view-lines');
    await editor.getByText('totalCount').waitFor();
    assert.equal(new URL(graphiql.url()).hash, '');
});

test('no way leads to GraphiQL where there is none', async (test) => {
    const own = await startServer(test, { postgres, redis, environment: { TIDEWATER_GRAPHIQL: 'off' } });
    // The page asks whether there is.
    const expected = [/404/];
    const page = await openStudio(test, browser, own, { path: 'queries', expected });
    const asked = page.waitForResponse(`${own.url}/`);
    await page.getByRole('region', { name: 'Busiest operations' }).getByRole('button', { expanded: false }).first().click();
    assert.equal((await asked).status(), 404);
    await page.getByText('What stood in its strings is left out.').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Open in GraphiQL' }).count(), 0);
});

test('a job that was given up is tried again', async (test) => {
    await jam(postgres);
    const remind = (text) => newTodo(server, { text, remindAt: new Date().toISOString() });
    await remind('Jammed door');
    await remind('Jammed lock');
    const named = (text) => postgres.psql(`SELECT id FROM todo WHERE text = '${text}'`);
    const [one, other] = [await named('Jammed door'), await named('Jammed lock')];
    const page = await open(test, { path: 'jobs' });
    const dead = (name) => page.getByRole('region', { name: 'Jobs that were given up' }).locator('tr').filter({ hasText: name });
    await dead(one).waitFor();
    await dead(other).waitFor();
    await page.getByText('2', { exact: true }).waitFor();

    // It fails again as long as nothing else is done.
    const diedAt = async () => {
        const { tide } = await ask('{ tide { jobs { dead { name diedAt } } } }');
        return tide.jobs.dead.find(({ name }) => name.includes(one))?.diedAt;
    };
    const before = await diedAt();
    await dead(one).getByRole('button', { name: /^Retry/ }).click();
    await page.getByRole('status').getByText('1 job was queued again.').waitFor();
    while ([undefined, before].includes(await diedAt())) await sleep(50);
    await page.reload();
    await dead(one).waitFor();
    await unjam(postgres);
    await page.getByRole('button', { name: 'Retry all that are shown' }).click();
    await page.getByRole('status').getByText('2 jobs were queued again.').waitFor();
    await page.getByText(/^(There are no jobs|No job was given up)/).waitFor();
    // A job that is queued again is not done yet; what psql sees, a read sees.
    while ((await postgres.psql("SELECT count(*) FROM notification WHERE text LIKE 'Jammed %'")) !== '2') await sleep(50);
    const query = '{ viewer { notifications(first: 10) { nodes { text } } } }';
    const { viewer } = await ask(query);
    const texts = viewer.notifications.nodes.map(({ text }) => text);
    assert.ok(texts.includes('Jammed door') && texts.includes('Jammed lock'), `${texts}`);
});
