/** A Redis server of a test's own. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { promisify } from 'node:util';

import { installed, PATIENCE, Process, temporaryDirectory } from './process.js';

const READY = /ready to accept connections/i;
const PORT_IN_USE = /Address already in use/;
const ATTEMPTS = 10;

/** A running Redis server with nothing in it. */
export class Redis {
    #port;
    #process;

    constructor(port, process) {
        this.#port = port;
        this.#process = process;
    }

    /** Its URL, as `REDIS_URL` takes it. */
    get url() {
        return `redis://127.0.0.1:${this.#port}`;
    }

    /** Has it carry out a command, and returns what it answers as `redis-cli` prints it: an item a line. */
    async command(...words) {
        const options = { env: { PATH: process.env.PATH }, timeout: PATIENCE };
        const flags = ['-p', this.#port, '--raw', ...words];
        const { stdout } = await promisify(execFile)(installed('redis-cli'), flags, options);
        return stdout.trimEnd();
    }

    /** Ends it at once. */
    async stop() {
        await this.#process.stop();
    }
}

/** Starts a Redis server that ends when `owner` is done. */
export async function startRedis(owner) {
    for (let attempt = 1; ; attempt++) {
        const directory = await temporaryDirectory('redis');
        const port = await unusedPort();
        const settings = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', directory];
        const redis = new Process(installed('redis-server'), settings, { directory });
        owner.after(() => redis.stop());
        if (await redis.found(READY)) return new Redis(port, redis);
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
