import { type Cache, cacheExchange, type Entity, type Link } from '@urql/exchange-graphcache';

import type {
  CreateTodoInput,
  DeleteNoteInput,
  DeleteTodoInput,
  LikeNoteInput,
  UnlikeNoteInput,
  UpdateTodoInput,
} from '../graphql/graphql';

/** Types without an id: they are part of what leads to them. */
const EMBEDDED = ['NoteConnection', 'PageInfo', 'TagConnection', 'TodoConnection'];

/** Whether a todo is there only because its creation is taken for granted. Nothing else can be done with it yet. */
export const isNew = (id: string) => id.startsWith(NEW);

const NEW = 'new:';

/**
 * The cache, and what it takes a mutation's answer to be before that has come. When the answer is an error, all of it is undone.
 *
 * It knows what a change does to an object, and no more of lists than to add and remove. Their order and their filters are the
 * server's business, which is asked after each change.
 */
export function cache() {
  return cacheExchange({
    keys: Object.fromEntries(EMBEDDED.map((type) => [type, () => null])),
    optimistic: {
      createTodo: ({ input }) => ({ __typename: 'CreateTodoPayload', todo: newTodo(input as CreateTodoInput) }),
      updateTodo: ({ input }) => ({ __typename: 'UpdateTodoPayload', todo: changedTodo(input as UpdateTodoInput) }),
      deleteTodo: ({ input }) => ({ __typename: 'DeleteTodoPayload', deletedId: (input as DeleteTodoInput).id }),
      deleteNote: ({ input }) => ({ __typename: 'DeleteNotePayload', deletedId: (input as DeleteNoteInput).id }),
      likeNote: ({ input }, cache) => ({ __typename: 'LikeNotePayload', note: liked(cache, input as LikeNoteInput, 1) }),
      unlikeNote: ({ input }, cache) => ({ __typename: 'UnlikeNotePayload', note: liked(cache, input as UnlikeNoteInput, -1) }),
    },
    updates: {
      Mutation: {
        createTodo: ({ createTodo }, _, cache) => {
          add(cache, 'todos', (createTodo as { todo: Entity }).todo);
        },
        createNote: ({ createNote }, _, cache) => {
          add(cache, 'notes', (createNote as { note: Entity }).note);
        },
        deleteTodo: ({ deleteTodo }, _, cache) => {
          remove(cache, 'todos', { __typename: 'Todo', ...idOf(deleteTodo) });
        },
        deleteNote: ({ deleteNote }, _, cache) => {
          remove(cache, 'notes', { __typename: 'Note', ...idOf(deleteNote) });
        },
      },
    },
  });
}

const viewer = (cache: Cache) => cache.resolve('Query', 'viewer') as Entity;
const idOf = (payload: unknown) => ({ id: (payload as { deletedId: string }).deletedId });

/** Until the server has given it an id, a new todo has one of its own. */
function newTodo({ text, priority, dueAt }: CreateTodoInput) {
  return {
    __typename: 'Todo',
    id: `${NEW}${crypto.randomUUID()}`,
    text,
    priority: priority ?? 'MEDIUM',
    dueAt: dueAt ?? null,
    completed: false,
    tags: { __typename: 'TagConnection', nodes: [] },
  };
}

/** What is absent stays. */
function changedTodo(input: UpdateTodoInput) {
  return { __typename: 'Todo', ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) };
}

function liked(cache: Cache, { id }: LikeNoteInput, difference: 1 | -1) {
  const note = { __typename: 'Note', id };
  const likeCount = (cache.resolve(note, 'likeCount') as number) + difference;
  return { ...note, likeCount, viewerHasLiked: difference === 1 };
}

/** All lists of that name which are kept, whatever they are of, filtered and ordered by, with what is on them. */
function lists(cache: Cache, owner: Entity, name: string) {
  const fields = cache.inspectFields(owner).filter(({ fieldName }) => fieldName === name);
  return fields.flatMap(({ fieldKey, arguments: given }) => {
    const list = cache.resolve(owner, fieldKey) as Entity;
    const nodes = cache.resolve(list, 'nodes') as string[] | null;
    return list && nodes ? [{ list, nodes, given }] : [];
  });
}

/** Puts `entity` first on the first page of the viewer's lists. */
function add(cache: Cache, name: string, entity: Entity) {
  const key = cache.keyOfEntity(entity);
  for (const { list, nodes, given } of lists(cache, viewer(cache), name)) {
    const filter = given?.filter as { completed?: boolean | null; text?: string | null } | undefined;
    if (!key || given?.after || filter?.completed || filter?.text || nodes.includes(key)) continue;
    cache.link(list, 'nodes', [key, ...nodes] as Link<Entity>);
  }
}

/** Takes `entity` off all lists. */
function remove(cache: Cache, name: string, entity: Entity) {
  const key = cache.keyOfEntity(entity);
  const tags = cache.inspectFields(viewer(cache)).filter(({ fieldName }) => fieldName === 'tags');
  const owners = tags.flatMap(({ fieldKey }) => {
    const list = cache.resolve(viewer(cache), fieldKey) as Entity;
    return cache.resolve(list, 'nodes') as Entity[];
  });
  for (const owner of ['Query', viewer(cache), ...owners]) {
    for (const { list, nodes } of lists(cache, owner, name)) {
      const rest = nodes.filter((node) => node !== key);
      if (rest.length < nodes.length) cache.link(list, 'nodes', rest as Link<Entity>);
    }
  }
}
