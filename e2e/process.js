/**
 * A child process that cannot outlive this one, and its log.
 *
 * It runs under the shell that the Rust tests use too: the end of the pipe to that shell ends the child, however this
 * process went.
 */

import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SUPERVISOR = fileURLToPath(new URL('../crates/testkit/src/supervisor.sh', import.meta.url));

/** What runs the tests. If it is killed, the process of each file of tests would go on with nobody to tell. */
const RUNNER = process.ppid;
setInterval(() => process.ppid === RUNNER || process.exit(1), 500).unref();

/** How long a server may take to start, to end, or to say what is waited for, in milliseconds. */
export const PATIENCE = 60_000;

/** What `promise` is fulfilled with, if that is soon enough. */
export async function within(promise, what) {
    const settled = new AbortController();
    const late = setTimeout(PATIENCE, undefined, { signal: settled.signal }).then(() => {
        throw new Error(`${what}: not within ${PATIENCE} ms`);
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        settled.abort();
        late.catch(() => {});
    }
}

/** A running child process. */
export class Process {
    #directory;
    #supervisor;
    #lines = [];
    #ended;
    #events = new EventEmitter().setMaxListeners(0);

    /**
     * Starts `program` with `argumentsGiven` in `directory`, which is removed when it is stopped or this process ends.
     * It gets nothing of the environment but `PATH` and what `environment` gives.
     *
     * `account` is the user that it runs as, where it is not to be this one. `lastSignal` is the name of the signal
     * that ends it.
     */
    constructor(program, argumentsGiven, { directory, environment = {}, account = {}, lastSignal = 'KILL' }) {
        this.#directory = directory;
        const supervised = [SUPERVISOR, lastSignal, directory, '2', program, ...argumentsGiven];
        this.#supervisor = spawn('/bin/sh', supervised, {
            cwd: directory,
            env: { PATH: process.env.PATH, ...environment },
            detached: true,
            ...account,
        });
        // Its end may come between the look at whether it runs and the writing.
        this.#supervisor.stdin.on('error', () => {});
        this.#supervisor.stdout.on('data', () => this.#events.emit('signalled'));
        createInterface({ input: this.#supervisor.stderr }).on('line', (line) => {
            this.#lines.push(line);
            this.#events.emit('line');
        });
        this.#ended = new Promise((resolve) => {
            this.#supervisor.once('close', (code) => {
                this.#supervisor = undefined;
                this.#events.emit('line');
                resolve(code);
            });
        });
    }

    /** Everything that it has written to standard error and standard output so far. */
    get log() {
        return this.#lines.join('\n');
    }

    /** Waits for a line of the log in which `pattern` is found, and returns what was found; undefined if it ends first. */
    async found(pattern) {
        const deadline = AbortSignal.timeout(PATIENCE);
        let next = 0;
        while (true) {
            for (; next < this.#lines.length; next++) {
                const found = pattern.exec(this.#lines[next]);
                if (found) return found;
            }
            if (!this.#supervisor) return undefined;
            const more = once(this.#events, 'line', { signal: deadline });
            await more.catch(() => {
                throw new Error(`The log did not say ${pattern} within ${PATIENCE} ms:\n${this.log}`);
            });
        }
    }

    /** Sends the signal of that name, and returns when it was sent. */
    async signal(name) {
        if (!this.#supervisor) return;
        const signalled = once(this.#events, 'signalled');
        this.#supervisor.stdin.write(`${name}\n`);
        await Promise.race([signalled, this.#ended]);
    }

    /** Waits until it has ended by itself or by a signal, and returns its exit code. */
    async ended() {
        return this.#ended;
    }

    /** Ends it at once if it runs, and returns when it and its folder are gone. */
    async stop() {
        this.#supervisor?.stdin.end();
        await this.#ended;
        await rm(this.#directory, { recursive: true, force: true });
    }
}

/** A new folder for a process to start in. */
export async function temporaryDirectory(name, account) {
    const directory = await mkdtemp(join(tmpdir(), `tidewater-${name}-`));
    if (account) await chown(directory, account.uid, account.gid);
    return directory;
}

/** The path of an installed program, in `PATH` or where Debian keeps the servers of PostgreSQL. */
export function installed(...names) {
    const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
    const newestFirst = versions.sort((one, other) => other - one);
    const directories = process.env.PATH.split(delimiter);
    directories.push(...newestFirst.map((version) => `/usr/lib/postgresql/${version}/bin`));
    const paths = names.flatMap((name) => directories.map((directory) => join(directory, name)));
    const path = paths.find(existsSync);
    if (!path) throw new Error(`${names.join(' or ')} is not installed: README.md says what the tests need.`);
    return path;
}

/** The account for a program that refuses to run as root, where this process does; undefined otherwise. */
export async function lesserAccount() {
    if (process.getuid() !== 0) return undefined;
    const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
    const fields = accounts.find(([name]) => name === 'postgres') ?? accounts.find(([name]) => name === 'nobody');
    return { uid: Number(fields[2]), gid: Number(fields[3]) };
}
