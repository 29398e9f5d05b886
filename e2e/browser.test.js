/** Tests of what notices faults of pages for the tests: the page shows one, and is found at fault or was expected to be. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';

import { openPage, startBrowser } from './browser.js';

const PAGES = {
    '/': '<p>Nothing is wrong here.</p>',
    '/logged': '<script src="/script.js"></script><p>',
    '/thrown': '<script src="/throw.js"></script><p>',
    '/policy': '<script>document.title = "never"</script><p>',
    '/missing': '<img src="/no-such-image"><p>',
    '/broken': '<img src="/broken-image"><p>',
    '/script.js': 'console.error("logged as an error")',
    '/throw.js': 'throw new Error("thrown by the page")',
};

const browser = await startBrowser({ after });
const site = await startSite({ after });

async function startSite(owner) {
    const server = createServer((request, response) => {
        if (request.url === '/broken-image') return request.socket.destroy();
        const type = request.url.endsWith('.js') ? 'text/javascript' : 'text/html';
        const headers = { 'content-type': type, 'content-security-policy': "default-src 'self'" };
        const known = PAGES[request.url] ?? (request.url === '/favicon.ico' ? '' : undefined);
        response.writeHead(known === undefined ? 404 : 200, headers).end(known);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    owner.after(() => server.close());
    return `http://127.0.0.1:${server.address().port}`;
}

/** Visits a page, and returns what the test is told at its end. */
async function visit(path, options) {
    const ends = [];
    const page = await openPage({ after: (end) => ends.push(end) }, browser, options);
    await page.goto(site + path);
    for (const end of ends) await end();
}

test('a page on which nothing is wrong passes', () => visit('/'));

for (const [path, fault] of [
    ['/logged', /logged as an error/],
    ['/thrown', /thrown by the page/],
    ['/policy', /policy: script-src/],
    ['/missing', /404: .*no-such-image/],
    ['/broken', /failed: .*broken-image/],
]) {
    test(`a fault at ${path} fails the test, unless it is expected`, async () => {
        await assert.rejects(visit(path), fault);
        await visit(path, { expected: [fault, /^console: Failed to load|^console: .*Content Security Policy/] });
    });
}
