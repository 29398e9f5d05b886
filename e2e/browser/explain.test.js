/** GraphiQL's panel that explains what served an answer, with each way for a value not to be there, forced. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startBrowser } from '../browser.js';
import { ADMINISTRATOR, startPostgres, startRedis, startServer, USER } from '../server.js';
import { answer, answered, editor, openGraphiql, run, signIn, tool, write } from './graphiql.js';

const postgres = await startPostgres({ after });
const browser = await startBrowser({ after });

/** Whole responses would answer most of what is asked here. */
const NO_RESPONSES = { TIDEWATER_RESPONSE_MEMORY: '0' };

/** The keys of rows of todos in Redis, which are no text. */
const ROWS = '*:todo:*';
const SPOIL = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('SET', key, 'rubbish') end";

/** A page whose runs are explained, of a server of its own, and what can be done to that. */
class Explained {
    static async start(test, { environment = NO_RESPONSES, redis, email = ADMINISTRATOR } = {}) {
        const server = await startServer(test, { postgres, redis, environment });
        const page = await openGraphiql(test, browser, server);
        await signIn(page, email);
        await page.getByRole('button', { name: 'Show Explain' }).click();
        await page.getByRole('checkbox', { name: /Explain each run/ }).check();
        return new Explained(server, page);
    }

    constructor(server, page) {
        this.server = server;
        this.page = page;
        this.panel = page.getByRole('region', { name: 'Explain' });
    }

    /** A new todo, which is asked for from now on. */
    async newTodo() {
        this.token ??= await this.server.signIn(ADMINISTRATOR);
        const create = 'mutation { createTodo(input: { text: "Explain this" }) { todo { id } } }';
        const { createTodo } = await this.server.ask(create, { token: this.token });
        // As the database has it.
        this.uuid = await postgres.psql('SELECT id FROM todo ORDER BY created_at DESC LIMIT 1');
        await this.asksFor(createTodo.todo.id);
    }

    /** From now on, that todo is asked for. */
    async asksFor(id) {
        this.id = id;
        await write(this.page, editor(this.page), `query { todo(id: "${id}") { text } }`);
    }

    async psql(sql) {
        return postgres.psql(sql.replaceAll('$id', `'${this.uuid}'`));
    }

    /** Runs what is in the editor, and waits for the explanation. */
    async run() {
        const told = this.page.waitForResponse((response) => response.request().headers()['tidewater-explain'] === '1');
        await run(this.page);
        await told;
    }

    /** How the row of the todo was read. */
    get row() {
        const name = this.panel.getByRole('region', { name: 'Reads' }).locator('li').filter({ has: this.page.getByText('todo', { exact: true }) });
        return name.filter({ hasText: `todo(id=${this.id})` });
    }

    /** Runs again until the row was missed for that reason, and returns what is told of that. */
    async missed(reason) {
        const miss = this.row.locator(`[data-reason="${reason}"]`);
        const told = [];
        for (let attempt = 0; attempt < 10; attempt += 1) {
            await this.run();
            const seen = await miss.waitFor({ timeout: 1000 }).then(() => true, () => false);
            if (seen) return (await miss.innerText()).replaceAll('\n', ' ');
            told.push(await this.row.innerText());
        }
        assert.fail(`${reason} is in none of these: ${told.join('; ')}`);
    }

    /** Runs until memory serves the row. */
    async filled() {
        await this.run();
        await this.run();
        await this.row.and(this.page.locator('[data-served-by="MEMORY"]')).waitFor();
    }
}

test('nothing is asked for, or told, until it is switched on; then answers look the same', async (test) => {
    const { page, panel } = await Explained.start(test, { environment: {} });
    const toggle = page.getByRole('checkbox', { name: /Explain each run/ });
    await toggle.uncheck();
    const asked = () => page.waitForRequest((request) => request.postData()?.includes('Plainly'));
    await write(page, editor(page), 'query Plainly { viewer { name } }');
    const plain = asked();
    await run(page);
    await answered(page, '"name"');
    assert.equal((await plain).headers()['tidewater-explain'], undefined);
    const before = await answer(page).innerText();
    assert.equal(await panel.getByRole('status').innerText(), '');

    await toggle.check();
    const explained = asked();
    await run(page);
    assert.equal((await explained).headers()['tidewater-explain'], '1');
    await panel.getByText('A kept response answered.').waitFor();
    await panel.getByText('carried out once more').waitFor();
    await panel.getByText('reads from memory').waitFor();
    assert.equal(await answer(page).innerText(), before);
});

test('who may not know is told so', async (test) => {
    const explained = await Explained.start(test, { email: USER });
    await write(explained.page, editor(explained.page), 'query { viewer { name } }');
    await explained.run();
    await explained.panel.getByText('Refused: only an ADMIN is told how requests are answered.').waitFor();
});

test('never filled, and then answered by memory', async (test) => {
    const explained = await Explained.start(test);
    await explained.asksFor('todo_00000000000000000000000077');
    assert.match(await explained.missed('NEVER_FILLED'), /^never filled/);
    await explained.row.and(explained.page.locator('[data-served-by="DATABASE"]')).waitFor();
    await explained.filled();
});

test('changed: which dependency, by whom, in which transaction, by which operation', async (test) => {
    const explained = await Explained.start(test);
    await explained.newTodo();
    await explained.filled();
    const transaction = await explained.psql(
        'WITH changed AS (UPDATE todo SET priority = 2 WHERE id = $id RETURNING id) SELECT pg_current_xact_id() FROM changed',
    );
    const row = `todo(id=${explained.id})`;
    const miss = await explained.missed('CHANGED');
    assert.ok(miss.startsWith(`changed: ${row} UPDATE of ${row} (priority), by somebody outside (psql) in transaction ${transaction}`), miss);

    await explained.filled();
    await explained.psql('DELETE FROM todo WHERE id = $id');
    assert.match(await explained.missed('CHANGED'), /DELETE of todo/);
    await explained.filled();
    const update = 'mutation ($id: ID!) { updateTodo(input: { id: $id, text: "Here" }) { todo { id } } }';
    await explained.newTodo();
    await explained.filled();
    await explained.server.ask(update, { variables: { id: explained.id }, token: explained.token });
    assert.match(await explained.missed('CHANGED'), /UPDATE of .*text.*, by this server in transaction \d+/);
});

test('changed: any row of the table', async (test) => {
    const explained = await Explained.start(test);
    await explained.newTodo();
    await explained.filled();
    await explained.psql('TRUNCATE todo CASCADE');
    assert.match(await explained.missed('CHANGED'), /any row of todo may have changed, by somebody outside \(psql\) in transaction \d+/);
});

test('expired', async (test) => {
    const explained = await Explained.start(test, { environment: { ...NO_RESPONSES, TIDEWATER_ITEM_TTL: '50ms' } });
    await explained.newTodo();
    await explained.run();
    assert.match(await explained.missed('EXPIRED'), /^expired/);
});

test('evicted, and not remembered', async (test) => {
    const explained = await Explained.start(test, { environment: { ...NO_RESPONSES, TIDEWATER_CACHE_MEMORY: '0' } });
    await explained.newTodo();
    await explained.run();
    assert.match(await explained.missed('EVICTED'), /^evicted/);
    const many = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    for (let first = 0; first < 30; first += 1) {
        const ids = Array.from({ length: 100 }, (_, index) => `todo_${String(first * 100 + index + 100_000).padStart(26, '0')}`);
        await explained.server.ask(many, { variables: { ids }, token: explained.token });
    }
    assert.match(await explained.missed('UNKNOWN'), /^unknown: memory has held more keys than are remembered/);
});

test('dropped', async (test) => {
    const explained = await Explained.start(test);
    await explained.newTodo();
    await explained.filled();
    const drop = 'mutation ($id: ID!) { dropMemo(input: { id: $id }) { wasKept } }';
    await explained.server.ask(drop, { variables: { id: explained.id }, token: explained.token });
    assert.match(await explained.missed('DROPPED'), /^dropped/);
});

test('given up because the change log did not continue', async (test) => {
    const explained = await Explained.start(test);
    await explained.newTodo();
    await explained.filled();
    await losesTrack(explained);
    assert.match(await explained.missed('RESTARTED'), /^given up with all else/);
});

test('the database’s own answer', async (test) => {
    const explained = await Explained.start(test, { environment: {} });
    await explained.newTodo();
    await explained.filled();
    await explained.page.getByRole('button', { name: 'Headers', exact: true }).click();
    await write(explained.page, tool(explained.page), '{ "Cache-Control": "no-cache" }');
    assert.match(await explained.missed('BYPASSED'), /^the database’s own answer was wanted/);
    await explained.panel.getByText('No kept response was wanted').waitFor();
});

test('what Redis holds is told, and why it is not served', async (test) => {
    const redis = await startRedis(test);
    const filler = await Explained.start(test, { redis });
    await filler.newTodo();
    await filler.run();
    await eventually(async () => (await redis.command('KEYS', ROWS)) !== '');

    // Each is of a server that has nothing in memory.
    const reader = async () => {
        const explained = await Explained.start(test, { redis });
        await explained.asksFor(filler.id);
        return explained;
    };
    const served = await reader();
    await served.run();
    await served.row.and(served.page.locator('[data-served-by="REDIS"]')).waitFor();

    await losesTrack(filler);
    const late = await reader();
    assert.match(await late.missed('MARK_TOO_OLD'), /^Redis held it, filled before anything that the server knows the changes since/);

    const puzzled = await reader();
    await redis.command('EVAL', SPOIL, '0', ROWS);
    assert.match(await puzzled.missed('UNDECODABLE'), /^Redis held something else/);

    const alone = await reader();
    await redis.stop();
    assert.match(await alone.missed('REDIS_UNAVAILABLE'), /^Redis did not answer/);
});

/** Moves the beginning of the change log past what the server has read, as if it had slept while another one pruned. */
async function losesTrack(explained) {
    await explained.psql('UPDATE note SET title = title WHERE id = (SELECT id FROM note LIMIT 1)');
    await explained.psql('UPDATE tidewater_floor SET floor = pg_current_snapshot()');
}

async function eventually(ask) {
    for (let attempt = 0; attempt < 100; attempt += 1) {
        if (await ask()) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.fail('it did not come to be');
}
