/** The real binary as a process of a test's own, with the demo data. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Process, temporaryDirectory } from './process.js';

export { startPostgres } from './postgres.js';
export { startRedis } from './redis.js';

const BUILT = fileURLToPath(new URL('../target/debug/tidewater', import.meta.url));
const LISTENING = /listening on http:\/\/127\.0\.0\.1:(\d+)/;

/** The demo's only administrator. */
export const ADMINISTRATOR = 'user1@example.test';
/** A user of the demo who is nothing more. */
export const USER = 'user2@example.test';
/** The password of all of the demo's users. */
export const PASSWORD = 'tidewater';

/** A server that listens on a port of its own. */
export class Server {
    #binary;
    #how;
    #argumentsGiven;
    #process;
    #port = 0;
    #pages = [];

    constructor(binary, argumentsGiven, how) {
        this.#binary = binary;
        this.#argumentsGiven = argumentsGiven;
        this.#how = how;
    }

    /** Its address, `http://127.0.0.1:PORT`. */
    get url() {
        return `http://127.0.0.1:${this.#port}`;
    }

    /** Where its API is, by HTTP. */
    get graphql() {
        return `${this.url}/graphql`;
    }

    /** Where its API is, by WebSocket. */
    get socket() {
        return `ws://127.0.0.1:${this.#port}/graphql`;
    }

    /** The folder that it runs in, where its SQLite file is. */
    get directory() {
        return this.#how.directory;
    }

    /** Everything that it has logged since it was last started. */
    get log() {
        return this.#process.log;
    }

    /** Waits for a line of the log in which `pattern` is found. */
    async logged(pattern) {
        if (!(await this.#process.found(pattern))) throw new Error(`The server ended before ${pattern}:\n${this.log}`);
    }

    /** Starts it, on the port that it had before, if any, and returns when it listens. */
    async start() {
        const listen = ['serve', '--listen', `127.0.0.1:${this.#port}`, ...this.#argumentsGiven];
        this.#process = new Process(this.#binary, listen, this.#how);
        const found = await this.#process.found(LISTENING);
        if (!found) throw new Error(`The server did not start:\n${this.log}`);
        this.#port = Number(found[1]);
    }

    /** Asks it to end, as who runs it would (`SIGTERM`), and returns when it has. */
    async terminate() {
        await this.#process.signal('TERM');
        await this.#process.ended();
    }

    /** Has a page close before its owner's end ends the server, which it would miss. */
    shows(page) {
        this.#pages.push(page);
    }

    /** Ends it, as its owner does, and the pages before. */
    async end() {
        await Promise.all(this.#pages.map((page) => page.context().close()));
        await this.stop();
    }

    /** Ends it at once. */
    async stop() {
        await this.#process?.stop();
    }

    /**
     * Asks as whoever `token` belongs to, or as nobody, and returns `data`. Throws what was answered if it has errors.
     */
    async ask(query, { variables, token } = {}) {
        const headers = { 'content-type': 'application/json' };
        if (token) headers.authorization = `Bearer ${token}`;
        const response = await fetch(this.graphql, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
        const answer = await response.json();
        if (answer.errors) throw new Error(`${response.status} ${JSON.stringify(answer.errors)}`);
        return answer.data;
    }

    /** Signs a user of the demo in, and returns the token. */
    async signIn(email = USER) {
        const document = 'mutation ($input: SignInInput!) { signIn(input: $input) { token } }';
        const { signIn } = await this.ask(document, { variables: { input: { email, password: PASSWORD } } });
        return signIn.token;
    }
}

/**
 * Starts a server that ends when `owner` is done: the context of a test, or `{ after }` from `node:test` for a whole file.
 *
 * Without `postgres`, it has an SQLite file of its own; without `redis`, none. Several servers may share both.
 * `environment` and `argumentsGiven` are settings like any; of this process's environment it gets none but `PATH`.
 */
export async function startServer(owner, { postgres, redis, environment = {}, argumentsGiven = [] } = {}) {
    const binary = process.env.TIDEWATER_BINARY ?? BUILT;
    if (!existsSync(binary)) throw new Error(`There is no ${binary}: run \`cargo build\`, or set TIDEWATER_BINARY.`);
    const directory = await temporaryDirectory('server');
    const backends = { TIDEWATER_MIGRATE: 'true' };
    if (postgres) backends.DATABASE_URL = postgres.url;
    if (redis) backends.REDIS_URL = redis.url;
    const server = new Server(binary, argumentsGiven, { directory, environment: { ...backends, ...environment } });
    owner.after(() => server.end());
    await server.start();
    return server;
}
