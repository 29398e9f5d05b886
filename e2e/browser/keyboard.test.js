/** Studio with a keyboard alone, and where that differs from a pointer. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { startPostgres, startServer } from '../server.js';
import { cell, focused, newTodo, openStudio, row, search, todoOf } from './studio.js';

const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const browser = await startBrowser({ after });

/** A page that shows nothing but a new todo, its id, and what the page has sent to update it. */
async function opened(test, text) {
    const id = await newTodo(server, { text, priority: 'LOW' });
    const page = await openStudio(test, browser, server);
    await search(page, text);
    const sent = [];
    page.on('request', (request) => {
        const { query, variables } = request.postDataJSON() ?? {};
        if (query?.startsWith('mutation updateTodo')) sent.push(variables.input);
    });
    const value = (column) => cell(page, id, column).getByRole('button');
    const press = async (...keys) => {
        for (const key of keys) await page.keyboard.press(key);
    };
    return { id, page, sent, value, press };
}

test('a value is edited by the keyboard alone, and the next one from there', async (test) => {
    const { id, page, value, press } = await opened(test, 'Feed the cat');
    await row(page, id).getByRole('link').first().focus();
    await press('ArrowRight', 'Enter', 'Control+A');
    await page.keyboard.type('Feed the cat and the dog');
    await press('Enter');
    await cell(page, id, 'text').getByText('Feed the cat and the dog').waitFor();
    await focused(page, value('text'));
    await press('ArrowRight');
    await focused(page, value('notes'));
    await press('Enter');
    await page.keyboard.type('Twice');
    await press('Enter');
    await cell(page, id, 'notes').getByText('Twice').waitFor();
    await focused(page, value('notes'));
    const { text, notes } = await todoOf(server, id);
    assert.deepEqual([text, notes], ['Feed the cat and the dog', 'Twice']);
});

test('what was left by Escape is not changed, then or later; what was left otherwise is', async (test) => {
    const { id, page, sent, value, press } = await opened(test, 'Shear the sheep');
    const write = async (text) => {
        await value('text').click();
        await press('Control+A');
        await page.keyboard.type(text);
    };
    await write('Sell the sheep');
    await press('Escape');
    await focused(page, value('text'));
    assert.equal((await todoOf(server, id)).text, 'Shear the sheep');
    await press('ArrowRight', 'Enter', 'Escape');
    await value('priority').click();
    await press('Escape');
    assert.equal((await todoOf(server, id)).text, 'Shear the sheep');
    assert.deepEqual(sent, []);

    await write('Shear all the sheep');
    await value('priority').click();
    await cell(page, id, 'text').getByText('Shear all the sheep').waitFor();
    assert.equal((await todoOf(server, id)).text, 'Shear all the sheep');
    // Who has gone elsewhere is not called back.
    await focused(page, cell(page, id, 'priority').getByRole('combobox'));
});

test('the arrow keys go through choices, and only the last is sent', async (test) => {
    const { id, page, sent, value, press } = await opened(test, 'Pump the tyres');
    await value('priority').focus();
    await press('Enter', 'ArrowDown', 'ArrowDown', 'Enter');
    await cell(page, id, 'priority').getByText('HIGH').waitFor();
    await focused(page, value('priority'));
    assert.deepEqual(sent, [{ id, priority: 'HIGH' }]);
    await press('Enter', 'ArrowUp', 'Escape');
    await focused(page, value('priority'));

    // Leaving it sends it too.
    await value('completed').focus();
    await press('Enter', 'ArrowUp', 'Tab');
    await cell(page, id, 'completed').getByText('true').waitFor();
    assert.deepEqual(sent.slice(1), [{ id, completed: true }]);
    const { priority, completed } = await todoOf(server, id);
    assert.deepEqual([priority, completed], ['HIGH', true]);
});

test('what is chosen with the pointer is sent at once', async (test) => {
    const { id, page, sent, value } = await opened(test, 'Grease the chain');
    await value('priority').click();
    const choice = cell(page, id, 'priority').getByRole('combobox');
    await choice.click();
    await choice.selectOption('HIGH');
    await cell(page, id, 'priority').getByText('HIGH').waitFor();
    await focused(page, value('priority'));
    assert.deepEqual(sent, [{ id, priority: 'HIGH' }]);
});

test('a row is deleted by the keyboard alone, and the way back waits for it', async (test) => {
    const other = await newTodo(server, { text: 'Plant the hedge' });
    const id = await newTodo(server, { text: 'Cut the hedge' });
    const page = await openStudio(test, browser, server);
    await search(page, 'the hedge', 2);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    const remove = (id) => row(page, id).getByRole('button', { name: 'Delete' });
    const undo = page.getByRole('status').getByRole('button', { name: 'Undo' });

    await remove(id).focus();
    await page.keyboard.press('Enter');
    await focused(page, undo);
    await page.clock.fastForward(60_000);
    assert.ok(await todoOf(server, id), 'it was deleted while somebody was about to undo that');
    await page.keyboard.press('Enter');
    await focused(page, remove(id));
    await page.clock.fastForward(60_000);
    assert.ok(await todoOf(server, id), 'it was deleted although that was undone');

    await page.keyboard.press('Enter');
    await focused(page, undo);
    await page.keyboard.press('Escape');
    await focused(page, remove(other));
    await page.clock.fastForward(5_000);
    assert.ok(await todoOf(server, id), 'the time did not begin anew');
    await page.clock.fastForward(60_000);
    await row(page, id).waitFor({ state: 'detached' });
    assert.equal(await todoOf(server, id), null);
    await focused(page, remove(other));
});

test('no time passes while the pointer is where a deletion can be undone', async (test) => {
    const id = await newTodo(server, { text: 'Fell the oak' });
    const page = await openStudio(test, browser, server);
    await search(page, 'the oak');
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await row(page, id).getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('status').getByText('will be deleted').hover();
    await page.clock.fastForward(60_000);
    assert.ok(await todoOf(server, id), 'it was deleted while somebody was about to undo that');
    await page.mouse.move(0, 0);
    await page.clock.fastForward(60_000);
    await page.getByText('No todos here.').waitFor();
    assert.equal(await todoOf(server, id), null);
});
