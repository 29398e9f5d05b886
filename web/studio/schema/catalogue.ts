import { catalogue } from 'virtual:catalogue';
import type { Entity, List } from './entity';

const { entities, lists } = catalogue;

/** The lists of all rows, which Studio begins with. */
export const rootLists: readonly List[] = lists.filter(({ parent }) => parent === null);

export function entityOf(type: string): Entity {
  const entity = entities.find((candidate) => candidate.type === type);
  if (!entity) {
    throw new Error(`There is no entity ${type}.`);
  }
  return entity;
}

/** The entity with a name, such as `todo`. */
export function entityNamed(name: string): Entity | undefined {
  return entities.find((candidate) => candidate.name === name);
}

/** The lists that belong to an object of a type. */
export function listsOf(type: string): readonly List[] {
  return lists.filter(({ parent }) => parent === type);
}
