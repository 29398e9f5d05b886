/** Tests of what keeps a child process from outliving the test that has started it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { PATIENCE } from './process.js';

const WAITING = `
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Process, temporaryDirectory } from '${new URL('process.js', import.meta.url)}';

test('it waits', async () => {
    const directory = await temporaryDirectory('child');
    new Process('/bin/sleep', ['600'], { directory });
    await writeFile(process.argv[1] + '.told', directory);
    await setTimeout(600_000);
});
`;

/** Waits until `condition` holds. */
async function until(condition, what) {
    const deadline = Date.now() + PATIENCE;
    while (!(await condition())) {
        assert.ok(Date.now() < deadline, what);
        await setTimeout(20);
    }
}

for (const [what, program] of [
    ['its test', []],
    ['what runs its test', ['--test']],
]) {
    test(`a child ends when ${what} is killed`, async (t) => {
        const folder = await mkdtemp(join(tmpdir(), 'tidewater-waiting-'));
        t.after(() => rm(folder, { recursive: true }));
        const file = join(folder, 'waiting.test.mjs');
        await writeFile(file, WAITING);
        // Else it would be taken for a part of this test.
        const { NODE_TEST_CONTEXT: _, ...env } = process.env;
        const runner = spawn(process.execPath, [...program, file], { stdio: ['ignore', 'pipe', 'inherit'], env });
        const told = () => readFile(`${file}.told`, 'utf8').catch(() => '');
        await until(told, 'the child has not started');
        const directory = await told();
        assert.ok(existsSync(directory), directory);

        runner.kill('SIGKILL');

        // The supervisor removes it behind the child.
        await until(() => !existsSync(directory), 'the child is still there');
    });
}
