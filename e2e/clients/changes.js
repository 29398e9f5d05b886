/** What a subscription tells, as it comes, whatever client it comes from. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';

import { PATIENCE } from '../process.js';

/** What is told of each change of a todo. */
export const TODO_CHANGED = 'subscription TodoChanged { todoChanged { kind nodeId node { id text } } }';

const CREATE = 'mutation ($text: String!) { createTodo(input: { text: $text }) { todo { id } } }';
const UPDATE = 'mutation ($id: ID!, $text: String!) { updateTodo(input: { id: $id, text: $text }) { todo { id } } }';
const DELETE = 'mutation ($id: ID!) { deleteTodo(input: { id: $id }) { deletedId } }';

/** Creates a todo, and returns its id. */
export async function createTodo(server, token, text) {
    const { createTodo: created } = await server.ask(CREATE, { token, variables: { text } });
    return created.todo.id;
}

/** Changes the text of a todo. */
export async function updateTodo(server, token, id, text) {
    await server.ask(UPDATE, { token, variables: { id, text } });
}

/** Deletes a todo. */
export async function deleteTodo(server, token, id) {
    await server.ask(DELETE, { token, variables: { id } });
}

/** What came of a subscription and was not taken yet. */
export class Changes {
    #came = [];
    #end;
    #events = new EventEmitter();

    /** Whether there is something that came and was not taken. */
    get isEmpty() {
        return this.#came.length === 0;
    }

    /** Where clients put results, errors and the end. */
    get sink() {
        return {
            next: (result) => this.#tell(() => this.#came.push(result)),
            error: (error) => this.#tell(() => (this.#end = { error })),
            complete: () => this.#tell(() => (this.#end ??= {})),
        };
    }

    /** Waits for the next result, and takes it. Throws the error if the subscription ended with one. */
    async next() {
        const deadline = AbortSignal.timeout(PATIENCE);
        while (this.isEmpty) {
            if (this.#end) throw this.#end.error ?? new Error('the subscription is complete');
            await once(this.#events, 'told', { signal: deadline });
        }
        return this.#came.shift();
    }

    /** Waits for the next change of a todo, and takes it. */
    async nextTodo() {
        const { data, errors } = await this.next();
        if (errors) throw new Error(JSON.stringify(errors));
        return data.todoChanged;
    }

    /** Waits for the end, and returns the error, if there was one. */
    async ended() {
        const deadline = AbortSignal.timeout(PATIENCE);
        while (!this.#end) await once(this.#events, 'told', { signal: deadline });
        return this.#end.error;
    }

    /**
     * Returns when the subscription has begun, of which a WebSocket gives no sign: when it tells of changes that are made
     * until it does.
     */
    async begun(server, token) {
        const deadline = AbortSignal.timeout(PATIENCE);
        const id = await createTodo(server, token, 'Knock');
        for (let knock = 1; this.isEmpty && !this.#end; knock++) {
            deadline.throwIfAborted();
            await updateTodo(server, token, id, `Knock ${knock}`);
        }
        await deleteTodo(server, token, id);
        while ((await this.nextTodo()).kind !== 'DELETED');
    }

    /**
     * Changes a todo so many times, by turns by mutations and by psql, and holds that each change is told of once and in
     * order.
     */
    async followSteps(server, postgres, token, last) {
        const id = await createTodo(server, token, 'step 0');
        for (let step = 1; step < last; step += 2) {
            await updateTodo(server, token, id, `step ${step}`);
            await postgres.psql(`UPDATE todo SET text = 'step ${step + 1}' WHERE text = 'step ${step}'`);
        }
        await postgres.psql(`DELETE FROM todo WHERE text = 'step ${last}'`);

        const told = [];
        do told.push(await this.nextTodo());
        while (told.at(-1).kind !== 'DELETED');
        assert.ok(told.every((change) => change.nodeId === id));
        const kinds = told.map((change) => change.kind);
        assert.deepEqual(kinds, ['CREATED', ...Array(last).fill('UPDATED'), 'DELETED']);
        // The todo is as it is when that is told, which may be later than the change, and never earlier.
        const steps = told.map(({ node }) => (node ? Number(node.text.split(' ')[1]) : Infinity));
        for (const [change, step] of steps.entries()) {
            assert.ok(step >= Math.min(change, last), `change ${change} shows step ${step}`);
            assert.ok(step >= (steps[change - 1] ?? 0), `step ${step} comes after a later one`);
        }
    }

    #tell(what) {
        what();
        this.#events.emit('told');
    }
}
