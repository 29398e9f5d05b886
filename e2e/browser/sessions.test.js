/** Studio's page of sessions. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, startPostgres, startServer, USER } from '../server.js';
import { focused, openStudio } from './studio.js';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

const open = (test, path) => openStudio(test, browser, server, { path });
const viewerOf = async (token) => (await server.ask('{ viewer { id } }', { token })).viewer;
const rows = (page) => page.getByRole('region', { name: 'Rows of sessions' }).locator('tbody tr');

test('those of another user are revoked one by one', async (test) => {
    const token = await server.signIn(USER);
    const { id } = await viewerOf(token);
    const page = await open(test, `user/${id}/sessions`);
    const revoke = page.getByRole('button', { name: /^Revoke/ });
    await revoke.first().waitFor();
    for (let left = await revoke.count(); left > 0; left -= 1) {
        await page.getByText(`${left} of ${left}`).waitFor();
        await revoke.first().click();
    }
    await page.getByText('The user is signed in nowhere.').waitFor();
    assert.equal(await viewerOf(token), null);
});

test('many are read page by page, there and back', async (test) => {
    const { id } = await viewerOf(await server.signIn(USER));
    await postgres.psql(`
        INSERT INTO session (id, user_id, token_hash, created_at, expires_at)
        SELECT gen_random_uuid(), (SELECT id FROM "user" WHERE email = '${USER}'), lpad(number::text, 64, '0'), now(), now() + interval '1 day'
        FROM generate_series(1, 149) AS number`);
    const page = await open(test, `user/${id}/sessions`);
    const button = (name) => page.getByRole('group', { name: 'Pages' }).getByRole('button', { name });
    const ids = () => rows(page).evaluateAll((rows) => rows.map((row) => row.dataset.id));
    await page.getByText('100 of 150').waitFor();
    const first = await ids();
    for (const back of ['First', 'Previous']) {
        assert.ok(await button(back).isDisabled());
        await button('Next').press('Enter');
        await page.getByText('50 of 150').waitFor();
        assert.ok((await ids()).every((id) => !first.includes(id)));
        assert.ok(await button('Next').isDisabled());
        // Whoever goes on with the keyboard is not sent back to the beginning of the page.
        await focused(page, button('Next'));
        await button(back).click();
        await page.getByText('100 of 150').waitFor();
        assert.deepEqual(await ids(), first);
    }
});

test('all others are revoked, and this one goes on', async (test) => {
    const tokens = [await server.signIn(ADMINISTRATOR), await server.signIn(ADMINISTRATOR)];
    const page = await open(test, 'sessions');
    await rows(page).nth(2).waitFor();
    await page.getByRole('button', { name: 'Revoke all others' }).click();
    await page.getByText('1 of 1').waitFor();
    await rows(page).getByText('this session').waitFor();
    assert.deepEqual(await Promise.all(tokens.map(viewerOf)), [null, null]);
    await page.reload();
    await rows(page).getByText('this session').waitFor();
});

test('who revokes this session is asked to sign in', async (test) => {
    const other = await server.signIn(ADMINISTRATOR);
    const page = await open(test, 'sessions');
    await rows(page).filter({ hasText: 'this session' }).getByRole('button', { name: /^Revoke/ }).click();
    await page.getByLabel('E-mail').waitFor();
    await page.reload();
    await page.getByLabel('E-mail').waitFor();
    assert.notEqual(await viewerOf(other), null, 'another session was revoked too');
});
