/** That everybody can use the app: with a keyboard alone, on a small screen, in the dark, with a screen reader. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import axe from 'axe-core';

import { startBrowser } from '../../../e2e/browser.js';
import { PASSWORD, startServer, USER } from '../../../e2e/server.js';
import { startSite, Visitor } from './setting.js';

const browser = await startBrowser({ after });
const server = await startServer({ after });
const address = await startSite({ after }, server.url);

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`nothing stands in anybody's way, ${colorScheme}, ${width} pixels wide`, async (t) => {
      const visitor = await Visitor.at(t, browser, address, { colorScheme, viewport: { width, height: 800 }, bypassCSP: true });
      const { page } = visitor;
      const judged = (name) => judge(page, `${name}-${colorScheme}-${width}`);

      await visitor.press('Create an account');
      await visitor.press('Create account');
      await page.getByRole('alert').waitFor();
      await judged('sign-up');
      await visitor.press('Sign in instead');
      await visitor.signIn(USER, PASSWORD);
      await visitor.rows.first().waitFor();
      await judged('todos');
      await page.getByRole('button', { name: /^Edit / }).first().click();
      await judged('todo-edited');
      await visitor.press('Cancel');
      await page.getByLabel('Search').fill('nowhere');
      await visitor.sees('Nothing contains');
      await judged('todos-none');

      await page.getByRole('link', { name: 'Notes' }).click();
      await visitor.choose('Everybody’s');
      await page.getByRole('article').first().waitFor();
      await judged('notes');
      await visitor.press('Write a note');
      await judged('note-written');
    });
  }
}

test('everything can be done with the keyboard', async (t) => {
  const visitor = await Visitor.at(t, browser, address);
  const { page } = visitor;
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = (locator) => locator.and(page.locator(':focus')).waitFor();

  await page.getByLabel('E-mail').waitFor();
  await press('Tab');
  await page.keyboard.type(USER);
  await press('Tab');
  await page.keyboard.type(PASSWORD);
  await press('Enter');
  await visitor.newTodo.waitFor();

  // The two places, signing out, and then the field.
  await press('Tab', 'Tab', 'Tab', 'Tab');
  await focused(visitor.newTodo);
  await page.keyboard.type('Learn to touch-type');
  await press('Enter');
  await page.getByRole('checkbox', { name: 'Learn to touch-type', disabled: false }).waitFor();
  await focused(visitor.newTodo);

  const edit = page.getByRole('button', { name: 'Edit Learn to touch-type' });
  while (!(await edit.evaluate((button) => button === document.activeElement))) await press('Tab');
  await press('Enter');
  await focused(page.getByLabel('Text'));
  await press('Escape');
  await focused(edit);
  await press('Enter', 'End');
  await page.keyboard.type('!');
  await press('Enter');
  await focused(page.getByRole('button', { name: 'Edit Learn to touch-type!' }));
  await press('Shift+Tab', 'Space');
  await visitor.todo('Learn to touch-type!').waitFor({ state: 'detached' });
});

/**
 * Finds what axe objects to, and whatever is wider than the window. The page is kept as an image in the folder `SCREENSHOTS`, if
 * that is given, to be looked at.
 */
async function judge(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const results = await window.axe.run();
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
  assert.deepEqual(violations, [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
}
