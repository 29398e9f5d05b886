/** What people do with the app, in a real browser, before the real server and PostgreSQL. */

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, test } from 'node:test';

import { startBrowser } from '../../../e2e/browser.js';
import { startPostgres, startServer } from '../../../e2e/server.js';
import { startSite, Visitor } from './setting.js';

const browser = await startBrowser({ after });
const postgres = await startPostgres({ after });
const server = await startServer({ after }, { postgres });
const address = await startSite({ after }, server.url);
const strict = await startServer({ after }, { environment: { TIDEWATER_SIGN_IN_RATE: '1/5s' } });
const strictAddress = await startSite({ after }, strict.url);

let people = 0;

/** Somebody who has just signed up, and the e-mail address. */
async function newcomer(test, options) {
  const email = `ada${++people}@example.test`;
  const visitor = await Visitor.at(test, browser, address, options);
  await visitor.signUp(email);
  return { visitor, email };
}

/** The same person at another browser. */
async function elsewhere(test, email, options) {
  const visitor = await Visitor.at(test, browser, address, options);
  await visitor.signIn(email, 'correct horse');
  return visitor;
}

const ofUser = (email) => `user_id = (SELECT id FROM "user" WHERE email = '${email}')`;

test('somebody new signs up, and is told at each field what is wrong with it', async (t) => {
  const { email } = await newcomer(t);
  const visitor = await Visitor.at(t, browser, address);
  const wrong = (label) => visitor.page.getByLabel(label).and(visitor.page.locator('[aria-invalid]')).waitFor();

  await visitor.press('Create an account');
  await visitor.press('Create account');
  await wrong('E-mail');
  await visitor.fillIn(email, 'short');
  await visitor.press('Create account');
  await wrong('Name');
  await visitor.page.getByLabel('Name').fill('Ada');
  await visitor.press('Create account');
  await wrong('Password');
  await visitor.fillIn(email);
  await visitor.press('Create account');
  await wrong('E-mail');
  await visitor.fillIn('grace@example.test');
  await visitor.press('Create account');
  await visitor.sees('Nothing to do.');
});

test('todos are added, completed, changed, found and deleted', async (t) => {
  const { visitor } = await newcomer(t);
  const { page } = visitor;
  await visitor.add('Water the plants');
  await visitor.add('Call the dentist');
  await visitor.add('Pack for the trip');
  await visitor.seesTodos('Pack for the trip', 'Call the dentist', 'Water the plants');

  await visitor.todo('Call the dentist').check();
  await visitor.seesTodos('Pack for the trip', 'Water the plants');
  await visitor.choose('Done');
  await visitor.seesTodos('Call the dentist');
  await visitor.choose('All');
  await visitor.seesTodos('Pack for the trip', 'Call the dentist', 'Water the plants');

  await visitor.press('Edit Water the plants');
  await page.getByLabel('Text').fill('Water all plants');
  await page.getByLabel('Priority').selectOption('Cannot wait');
  await page.getByLabel('Due').fill('2030-05-17');
  await page.getByLabel('New tag').fill('home');
  await page.getByLabel('New tag').press('Enter');
  await page.getByRole('checkbox', { name: '#home' }).waitFor();
  await visitor.press('Save');
  await visitor.sees('Cannot wait');
  await visitor.sees('Due May 17, 2030');

  await visitor.choose('#home');
  await visitor.seesTodos('Water all plants');
  await visitor.choose('All tags');
  await page.getByLabel('Order').selectOption('By priority');
  await visitor.seesTodos('Water all plants', 'Pack for the trip', 'Call the dentist');
  await page.getByLabel('Search').fill('TRIP');
  await visitor.seesTodos('Pack for the trip');
  await page.getByLabel('Search').fill('nowhere');
  await visitor.sees('Nothing contains “nowhere”.');
  await page.getByLabel('Search').fill('');

  await visitor.press('Edit Pack for the trip');
  await visitor.press('Delete');
  await visitor.seesTodos('Water all plants', 'Call the dentist');
  // Said by the server, not taken for granted.
  await visitor.sees('2 todos');
  await page.reload();
  await visitor.seesTodos('Water all plants');
});

test('what the server has against a field is told there, and what was typed is kept', async (t) => {
  const { visitor } = await newcomer(t);
  const tooLong = 'long '.repeat(250);
  await visitor.newTodo.fill(tooLong);
  await visitor.newTodo.press('Enter');
  await visitor.page.getByRole('alert').waitFor();
  await visitor.seesTodos();
  assert.equal(await visitor.newTodo.inputValue(), tooLong);
});

test('a long list comes in pages, without a gap and nothing twice, also when it changes', async (t) => {
  const { visitor, email } = await newcomer(t);
  await postgres.psql(insertTodos(email, 1, 45));
  const numbers = (from, to) => Array.from({ length: from - to + 1 }, (_, index) => `Todo ${from - index}`);

  await visitor.seesTodos(...numbers(45, 26));
  await visitor.press('Show more');
  await visitor.seesTodos(...numbers(45, 6));
  await visitor.press('Show more');
  await visitor.seesTodos(...numbers(45, 1));

  await postgres.psql(insertTodos(email, 46, 47));
  await postgres.psql(`DELETE FROM todo WHERE text = 'Todo 20' AND ${ofUser(email)}`);
  await visitor.seesTodos(...numbers(47, 21), ...numbers(19, 1));
});

test('another browser sees everything at once, and what is changed in psql too', async (t) => {
  const { visitor, email } = await newcomer(t);
  const other = await elsewhere(t, email);
  await other.choose('All');

  await visitor.add('Buy bread');
  await other.seesTodos('Buy bread');
  await visitor.todo('Buy bread').check();
  await other.seesDone('Buy bread', true);

  await postgres.psql(`UPDATE todo SET text = 'Buy rye bread', completed = false WHERE ${ofUser(email)}`);
  await other.seesTodos('Buy rye bread');
  await other.seesDone('Buy rye bread', false);
  await visitor.seesTodos('Buy rye bread');

  await visitor.press('Edit Buy rye bread');
  await visitor.press('Delete');
  await other.sees('Nothing to do.');
});

test('a change that the server refuses is undone, and that is said', async (t) => {
  const { visitor, email } = await newcomer(t);
  await visitor.add('Climb the hill');
  await visitor.choose('All');
  await visitor.seesTodos('Climb the hill');

  // The change waits until it is allowed no more.
  const name = `refuse_${people}`;
  const refusal = `ALTER TABLE todo ADD CONSTRAINT ${name} CHECK (text <> 'Climb the hill' OR NOT completed) NOT VALID`;
  const refused = postgres.psql(`BEGIN; ${refusal}; SELECT pg_sleep(2); COMMIT`);
  t.after(() => postgres.psql(`ALTER TABLE todo DROP CONSTRAINT ${name}`));
  await isRunning(name);
  let isSaid = false;
  const said = refused.then(() => (isSaid = true));
  await visitor.todo('Climb the hill').click();
  await visitor.seesDone('Climb the hill', true);
  assert.ok(!isSaid, 'it is done before the server has said so');
  await said;
  await visitor.seesDone('Climb the hill', false);
  await visitor.sees('“Climb the hill” is not done.');
  assert.equal(await postgres.psql(`SELECT completed FROM todo WHERE ${ofUser(email)}`), 'f');

  await visitor.press('Dismiss');
  await visitor.add('Climb another hill');
});

test('an answer that is lost is asked for again, and the change is made once', async (t) => {
  const { visitor, email } = await newcomer(t, { expected: [/ERR_FAILED|ERR_CONNECTION/] });
  const keys = [];
  await visitor.page.route('**/graphql', async (route) => {
    const key = route.request().headers()['idempotency-key'];
    if (!key) return route.fallback();
    keys.push(key);
    if (keys.length > 1) return route.fallback();
    await route.fetch();
    await route.abort();
  });
  const again = visitor.page.waitForResponse((response) => 'idempotency-replayed' in response.headers());
  await visitor.add('Post the letter');
  await again;
  await visitor.seesTodos('Post the letter');
  assert.equal(new Set(keys).size, 1);
  assert.equal(await postgres.psql(`SELECT count(*) FROM todo WHERE ${ofUser(email)}`), '1');
});

test('when the server is gone and comes back, nothing is lost and nothing has to be loaded again', async (t) => {
  const expected = [/500|502|ERR_|Failed to load/];
  const { visitor, email } = await newcomer(t, { expected });
  const other = await elsewhere(t, email, { expected });
  await visitor.add('Before');
  await other.seesTodos('Before');
  for (const { page } of [visitor, other]) await page.evaluate(() => (window.loaded = 'once'));
  const isBack = () => other.page.getByText('The server cannot be reached.').waitFor({ state: 'detached' });

  // What nobody tells of, since nobody was there.
  await server.terminate();
  await other.sees('The server cannot be reached.');
  await postgres.psql(`UPDATE todo SET text = 'Before all' WHERE ${ofUser(email)}`);
  await server.start();
  await other.seesTodos('Before all');
  await isBack();

  // What is done on the page meanwhile.
  await server.stop();
  await mkdir(server.directory);
  await visitor.sees('The server cannot be reached.');
  await visitor.add('Meanwhile');
  await server.start();
  await other.seesTodos('Meanwhile', 'Before all');
  await visitor.seesTodos('Meanwhile', 'Before all');
  await isBack();
  assert.equal(await postgres.psql(`SELECT count(*) FROM todo WHERE ${ofUser(email)}`), '2');
  for (const { page } of [visitor, other]) assert.equal(await page.evaluate(() => window.loaded), 'once');
});

test('a stream that is silent for too long is begun again, and nothing has been missed', async (t) => {
  const { visitor } = await newcomer(t);
  await visitor.sees('Nothing to do.');
  const stream = () => visitor.page.waitForResponse((response) => response.headers()['content-type']?.startsWith('text/event-stream'));
  const first = stream();
  await visitor.page.clock.install();
  await visitor.page.reload();
  await first;
  await visitor.sees('Nothing to do.');
  const again = stream();
  await visitor.page.clock.fastForward(60_000);
  await again;
  await visitor.page.clock.resume();
  await visitor.add('Still there');
  await visitor.sees('1 todo');
});

test('when the server tells no more because too much has changed, it is asked, and listened to again', async (t) => {
  const { visitor, email } = await newcomer(t);
  await visitor.add('First');
  await postgres.psql(insertTodos(email, 1, 1100));
  await visitor.sees('1101 todos');
  await postgres.psql(`DELETE FROM todo WHERE text = 'Todo 1' AND ${ofUser(email)}`);
  await visitor.sees('1100 todos');
});

test('while the database is gone, what is done on the page is kept, and what is done elsewhere is seen after it', async (t) => {
  const { visitor, email } = await newcomer(t, { expected: [/503/] });
  await visitor.add('Before');
  const allow = (isAllowed) => `UPDATE pg_database SET datallowconn = ${isAllowed} WHERE datname = current_database()`;
  const comesBack = postgres.psql(`SELECT pg_sleep(4) AS gone; BEGIN; ${allow(true)}; COMMIT`);
  await isRunning('pg_sleep(4) AS gone');
  await postgres.psql(`BEGIN; ${allow(false)}; COMMIT; SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database() AND query NOT LIKE '%AS gone%'`);
  await visitor.add('Meanwhile');
  await comesBack;
  await visitor.sees('2 todos');
  await visitor.seesTodos('Meanwhile', 'Before');
  await postgres.psql(`UPDATE todo SET text = 'Before all' WHERE text = 'Before' AND ${ofUser(email)}`);
  await visitor.seesTodos('Meanwhile', 'Before all');
  assert.equal(await postgres.psql(`SELECT count(*) FROM todo WHERE ${ofUser(email)}`), '2');
});

test('what changes while a list is read is read after it', async (t) => {
  const { visitor, email } = await newcomer(t);
  const other = await elsewhere(t, email);
  const held = new Promise((hold) => void visitor.page.route(/operationName=TodoPage/, hold, { times: 1 }));
  await visitor.choose('All');
  const route = await held;
  const response = await route.fetch();
  await other.add('While it was read');
  await other.sees('1 todo');
  await route.fulfill({ response });
  await visitor.seesTodos('While it was read');
});

test('when the server cannot answer, it can be asked again', async (t) => {
  const { visitor } = await newcomer(t);
  const unavailable = { errors: [{ message: 'ask again', extensions: { code: 'UNAVAILABLE' } }] };
  await visitor.add('Wait');
  let asked = 0;
  await visitor.page.route(/operationName=TodoPage/, (route) => {
    asked += 1;
    return route.fulfill({ json: unavailable });
  });
  await visitor.page.reload();
  await visitor.sees('The server cannot answer just now.');
  assert.ok(asked >= 3, `it was asked ${asked} times`);
  await visitor.page.unroute(/operationName=TodoPage/);
  await visitor.press('Try again');
  await visitor.seesTodos('Wait');
});

test('notes are written for oneself or for everybody, and liked', async (t) => {
  const { visitor } = await newcomer(t);
  const { visitor: reader } = await newcomer(t);
  const note = (name) => reader.page.getByRole('article', { name });
  const title = `On tides ${people}`;

  await visitor.page.getByRole('link', { name: 'Notes' }).click();
  await reader.page.getByRole('link', { name: 'Notes' }).click();
  await reader.choose('Everybody’s');
  await visitor.sees('You have not written anything yet.');
  await visitor.press('Write a note');
  await visitor.press('Save');
  await visitor.page.getByRole('alert').waitFor();
  await visitor.page.getByLabel('Title').fill(title);
  await visitor.page.getByLabel('Note', { exact: true }).fill('They come and go.');
  await visitor.press('Save');
  await visitor.sees('only for you');
  assert.equal(await note(title).count(), 0);

  await visitor.press(`Edit ${title}`);
  await visitor.page.getByLabel('Everybody may read it').check();
  await visitor.press('Save');
  await note(title).waitFor();
  await reader.press(`Like ${title}, 0 likes`);
  await reader.press(`Like ${title}, 1 like`);
  await reader.press(`Like ${title}, 0 likes`);
  await visitor.page.reload();
  await visitor.page.getByRole('button', { name: `Like ${title}, 1 like` }).waitFor();

  await visitor.press(`Edit ${title}`);
  await visitor.press('Delete');
  await note(title).waitFor({ state: 'detached' });
});

test('whoever signs out comes back to what they left', async (t) => {
  const { visitor, email } = await newcomer(t);
  await visitor.add('Stay');
  await visitor.press('Sign out');
  await visitor.fillIn(email, 'wrong');
  await visitor.press('Sign in');
  await visitor.sees('Wrong e-mail address or password.');
  await visitor.signIn(email, 'correct horse');
  await visitor.seesTodos('Stay');
});

test('a session that ends elsewhere ends on the page, whatever it is doing', async (t) => {
  const { visitor, email } = await newcomer(t);
  await visitor.add('Mine');
  await postgres.psql(`DELETE FROM session WHERE ${ofUser(email)}`);
  await visitor.sees('Your session has ended.');
  assert.equal(await visitor.todo('Mine').count(), 0);
  await visitor.signIn(email, 'correct horse');
  await visitor.seesTodos('Mine');
});

test('whoever tries too often is told how long to wait', async (t) => {
  const visitor = await Visitor.at(t, browser, strictAddress, { expected: [/429/] });
  await visitor.fillIn('user2@example.test', 'wrong');
  await visitor.press('Sign in');
  await visitor.sees('Wrong e-mail address or password.');
  await visitor.press('Sign in');
  await visitor.sees(/too short a time\. Try again in \d+ seconds?\./);
  const signIn = visitor.page.getByRole('button', { name: 'Sign in', exact: true });
  assert.ok(await signIn.isDisabled());
  await visitor.signIn('user2@example.test', 'tidewater');
});

/** Adds todos in one statement, each newer than the one before and all newer than what is there. */
function insertTodos(email, first, last) {
  return `
    INSERT INTO todo (id, user_id, text, completed, priority, created_at, updated_at)
    SELECT gen_random_uuid(), u.id, 'Todo ' || n, false, 1, now() + n * interval '1 s', now()
    FROM "user" u, generate_series(${first}, ${last}) n WHERE u.email = '${email}'`;
}

/** Waits until a statement with this in it is running, and has the locks that it needs. */
async function isRunning(text) {
  const running = `SELECT count(*) FROM pg_stat_activity
    WHERE query LIKE '%${text}%' AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`;
  while ((await postgres.psql(running)) === '0');
}
