/** How a value is shown and edited. */
export type Kind = 'id' | 'text' | 'boolean' | 'integer' | 'time' | 'choice';

/** A value that the API takes or gives. */
export interface Field {
  name: string;
  /** As the schema writes its type, such as `Priority!`. */
  typeName: string;
  kind: Kind;
  /** Of a choice. */
  values: readonly string[];
  isRequired: boolean;
  isList: boolean;
  description: string;
}

/** A column that holds one value of its own. */
export interface ValueColumn extends Field {
  type: 'value';
  /** By which value of the order's enumeration the rows can be ordered by it, if they can. */
  order: string | null;
  /** Whether `update` takes it. */
  isEditable: boolean;
}

/** A column that leads to one object, or to several of them. */
export interface LinkColumn {
  type: 'link';
  name: string;
  /** As the schema writes its type, such as `User!`. */
  typeName: string;
  description: string;
  /** The entity that it leads to, by its type. */
  target: string;
  /** The field of the target that is shown for it. */
  label: string;
  isMany: boolean;
}

export type Column = ValueColumn | LinkColumn;

/** A mutation with one argument, `input`. */
export interface Mutation {
  name: string;
  document: string;
  fields: readonly Field[];
}

/** A list of rows: that of all rows, or one that belongs to another object. */
export interface List {
  /** The entity whose rows they are, by its type. */
  entity: string;
  /** The entity that it belongs to, by its type; null for the list of all. */
  parent: string | null;
  /** The field that gives it. */
  field: string;
  /** Has the variables of a page and, where it belongs to an object, `id`. Answers again and again if `live`. */
  document: string;
  filter: readonly Field[];
  canOrder: boolean;
}

/** A kind of object that has an id, as the schema describes it. */
export interface Entity {
  /** The type, such as `Todo`. */
  type: string;
  /** The type in a text or an address, such as `todo`. */
  name: string;
  description: string;
  /** The field that stands for the whole where there is little space. */
  label: string;
  columns: readonly Column[];
  /** Gives one by `id`, as `object`; again and again if `live`. */
  document: string;
  create: Mutation | null;
  update: Mutation | null;
  remove: Mutation | null;
}

/** All that the pages know of the schema. */
export interface Catalogue {
  entities: readonly Entity[];
  lists: readonly List[];
}
