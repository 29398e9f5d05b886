/** A PostgreSQL server of a test's own, on a socket in its folder. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { installed, lesserAccount, PATIENCE, Process, temporaryDirectory } from './process.js';

const SETTINGS = ['listen_addresses=', 'fsync=off', 'shared_buffers=16MB', 'max_connections=60', 'log_checkpoints=off'];
const READY = /database system is ready to accept connections/;

/** A running PostgreSQL server with an empty database, whose administrator needs no password. */
export class Postgres {
    #directory;

    constructor(directory) {
        this.#directory = directory;
    }

    /** Its URL, as `DATABASE_URL` takes it. */
    get url() {
        return `postgres://tidewater@localhost/postgres?host=${encodeURIComponent(this.#directory)}`;
    }

    /**
     * Runs SQL with `psql`, as somebody does who knows nothing of the server, and returns what it prints: a row a line,
     * values separated by `|`. Each call is a transaction of its own.
     */
    async psql(sql) {
        const flags = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
        const where = ['--host', this.#directory, '--username', 'tidewater', '--dbname', 'postgres'];
        const environment = { PATH: process.env.PATH };
        const options = { env: environment, timeout: PATIENCE };
        const { stdout } = await promisify(execFile)(installed('psql'), [...flags, ...where, '--command', sql], options);
        return stdout.trimEnd();
    }
}

/** Starts a PostgreSQL server that ends when `owner` is done. */
export async function startPostgres(owner) {
    const account = await lesserAccount();
    const directory = await temporaryDirectory('postgres', account);
    const data = join(directory, 'data');
    const how = { directory, account, lastSignal: 'QUIT' };

    const cluster = ['--username=tidewater', '--auth=trust', '--encoding=UTF8', '--no-locale', '--no-sync'];
    const initdb = new Process(installed('initdb'), ['--pgdata', data, ...cluster], how);
    if ((await initdb.ended()) !== 0) {
        await initdb.stop();
        throw new Error(`initdb failed:\n${initdb.log}`);
    }

    const settings = [...SETTINGS, `unix_socket_directories=${directory}`].flatMap((setting) => ['-c', setting]);
    const postgres = new Process(installed('postgres'), ['-D', data, ...settings], how);
    owner.after(() => postgres.stop());
    if (!(await postgres.found(READY))) throw new Error(`PostgreSQL did not start:\n${postgres.log}`);
    return new Postgres(directory);
}
