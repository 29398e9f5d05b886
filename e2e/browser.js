/** Chromium, and pages on which nothing may go wrong unnoticed. */

import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

import { installed } from './process.js';

/**
 * Starts the Chromium at `CHROMIUM`, or that is installed. It ends when `owner` is done: the context of a test, or
 * `{ after }` from `node:test` for a whole file.
 */
export async function startBrowser(owner) {
    const executablePath = process.env.CHROMIUM ?? installed('chromium', 'chromium-browser', 'google-chrome');
    // Chromium refuses to run as root in its sandbox.
    const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid() !== 0 });
    owner.after(() => browser.close());
    return browser;
}

/**
 * Opens a page with cookies and storage of its own, for a test.
 *
 * The test fails at its end if anything was logged as an error, thrown and not caught, against the content security
 * policy, or asked for and not had, on the page or on pages that it opened; unless one of `expected` is found in what is
 * said of it.
 */
export async function openPage(test, browser, { expected = [], ...options } = {}) {
    const context = await browser.newContext(options);
    const faults = [];
    const note = (fault) => expected.some((pattern) => pattern.test(fault)) || faults.push(fault);

    context.on('console', (message) => message.type() === 'error' && note(`console: ${message.text()}`));
    context.on('weberror', (error) => note(`not caught: ${error.error().stack}`));
    context.on('requestfailed', (request) => note(`failed: ${request.url()} ${request.failure().errorText}`));
    context.on('response', (response) => response.status() >= 400 && note(`${response.status()}: ${response.url()}`));
    await context.exposeBinding('noteViolation', (source, violation) => note(`policy: ${violation}`));
    await context.addInitScript(() => {
        addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile }) => {
            window.noteViolation(`${effectiveDirective} ${blockedURI} in ${sourceFile}`);
        });
    });

    const page = await context.newPage();
    test.after(async () => {
        await context.close();
        assert.deepEqual(faults, [], 'something went wrong on the page');
    });
    return page;
}
