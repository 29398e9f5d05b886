/** A Redis server of a test's own. */

import { once } from 'node:events';
import { createServer } from 'node:net';

import { installed, Process, temporaryDirectory } from './process.js';

const READY = /ready to accept connections/i;
const PORT_IN_USE = /Address already in use/;
const ATTEMPTS = 10;

/** Starts a Redis server that ends when `owner` is done. Its `url` is as `REDIS_URL` takes it. */
export async function startRedis(owner) {
    for (let attempt = 1; ; attempt++) {
        const directory = await temporaryDirectory('redis');
        const port = await unusedPort();
        const settings = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', directory];
        const redis = new Process(installed('redis-server'), settings, { directory });
        owner.after(() => redis.stop());
        if (await redis.found(READY)) return { url: `redis://127.0.0.1:${port}` };
        // Somebody else has taken the port meanwhile.
        if (attempt === ATTEMPTS || !PORT_IN_USE.test(redis.log)) throw new Error(`Redis did not start:\n${redis.log}`);
    }
}

async function unusedPort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}
