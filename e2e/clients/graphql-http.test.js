/** The audits of the specification "GraphQL over HTTP", as its reference implementation has them. */

import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { serverAudits } from 'graphql-http';

import { startServer } from '../server.js';

/** Audits of what the draft had before August 2026. It wants 422 of a request that is JSON and cannot be executed. */
const DEVIATIONS = new Map([
    ['423L', '400, where there is neither a document nor the name of one'],
    ['86EE', '400, where a variable is not of its type'],
]);

const server = await startServer({ after });
const audits = serverAudits({ url: server.graphql });

test('there are audits, those that we deviate from among them', () => {
    assert.ok(audits.length >= 61);
    const known = new Set(audits.map((audit) => audit.id));
    for (const id of DEVIATIONS.keys()) assert.ok(known.has(id), id);
});

for (const audit of audits) {
    const deviation = DEVIATIONS.get(audit.id);
    const name = `${audit.id} ${audit.name}`;
    test(deviation ? `not followed: ${name}` : name, async () => {
        const result = await audit.fn();
        if (!deviation) return assert.equal(result.status, 'ok', result.reason);
        assert.notEqual(result.status, 'ok', 'it is followed now: strike it off the deviations');
        assert.equal(result.response.status, 422);
    });
}
