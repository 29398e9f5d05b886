import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
  validate,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';
import type { Catalogue, Column, Entity, Field, Kind, LinkColumn, List, Mutation } from './entity';

/** What stands for an object, the best first. */
const LABELS = ['name', 'title', 'text'];
const NO_LABEL = 'id';
const KINDS: Record<string, Kind> = { ID: 'id', Boolean: 'boolean', Int: 'integer', DateTime: 'time' };
/** So that who changes much has the pages read again a few times a second; by a variable, since what is posted is answered once. */
const LIVE = '@live(if: $live, throttle: 300)';
const LIVE_VARIABLE = '$live: Boolean!';
/** How many of the objects that a column leads to are shown in it. */
const SHOWN_LINKS = 3;
const PAGE_VARIABLES = '$first: Int, $after: String, $last: Int, $before: String';
const PAGE_ARGUMENTS = 'first: $first, after: $after, last: $last, before: $before';

/**
 * Reads from a schema what there is to show: each object that can be read again by its id, its columns, the lists of it, and what changes
 * it. That rests on how the API names things, so every document is validated. Throws where one is not valid.
 */
export function describe(schema: GraphQLSchema): Catalogue {
  const nodes = nodesOf(schema);
  const entities = nodes.map((type) => entityOf(schema, type));
  const query = schema.getQueryType();
  const lists = [...(query ? [query] : []), ...nodes].flatMap((parent) => listsOf(schema, parent));
  const mutations = entities.flatMap(({ create, update, remove }) => [create, update, remove]);
  const documents = [...entities, ...lists, ...mutations].flatMap((source) => source?.document ?? []);
  for (const document of documents) {
    const [mistake] = validate(schema, parse(document));
    if (mistake) {
      throw new Error(`The schema is not as Studio expects it: ${mistake.message}\n${document}`);
    }
  }
  return { entities, lists };
}

/** The objects that have an id of their own. */
function nodesOf(schema: GraphQLSchema): readonly GraphQLObjectType[] {
  const node = schema.getType('Node');
  return isInterfaceType(node) ? schema.getImplementations(node).objects : [];
}

function entityOf(schema: GraphQLSchema, type: GraphQLObjectType): Entity {
  const update = mutationOf(schema, 'update', type);
  const columns = columnsOf(schema, type, update);
  const selection = selectionOf(columns);
  return {
    type: type.name,
    name: type.name.charAt(0).toLowerCase() + type.name.slice(1),
    description: type.description ?? '',
    label: labelOf(type),
    columns,
    document: `query ${type.name}($id: ID!, ${LIVE_VARIABLE}) ${LIVE} { object: ${looked(type, selection)} }`,
    create: mutationOf(schema, 'create', type, selection),
    update: mutationOf(schema, 'update', type, selection),
    remove: mutationOf(schema, 'delete', type),
  };
}

/** What is selected of the object of a type with the variable `$id`; nothing of an object of another type. */
function looked(type: GraphQLObjectType, selection: string): string {
  return `node(id: $id) { ... on ${type.name} { ${selection} } }`;
}

function columnsOf(schema: GraphQLSchema, type: GraphQLObjectType, update: Mutation | null): Column[] {
  const orders = enumValues(schema, `${type.name}OrderField`);
  return fieldsOf(type).flatMap((field): Column[] => {
    const named = getNamedType(field.type);
    if (isLeafType(named)) {
      const order = orders.find((value) => camelCase(value) === field.name) ?? null;
      const isEditable = field.name !== 'id' && (update?.fields.some(({ name }) => name === field.name) ?? false);
      return [{ type: 'value', ...fieldOf(field.name, field.type, field.description), order, isEditable }];
    }
    const node = nodeOf(field.type);
    const target = node ?? (isObjectType(named) && field.args.length === 0 ? named : null);
    if (!target || !nodesOf(schema).includes(target) || (node && !isShort(field, node))) {
      return [];
    }
    const column: LinkColumn = {
      type: 'link',
      name: field.name,
      typeName: node ? `[${node.name}!]!` : String(field.type),
      description: field.description ?? '',
      target: target.name,
      label: labelOf(target),
      isMany: node !== null,
    };
    return [column];
  });
}

function selectionOf(columns: readonly Column[]): string {
  const one = (column: Column) => {
    if (column.type === 'value') {
      return column.name;
    }
    const object = `id ${column.label}`;
    return column.isMany
      ? `${column.name}(first: ${SHOWN_LINKS}) { totalCount nodes { ${object} } }`
      : `${column.name} { ${object} }`;
  };
  return columns.map(one).join(' ');
}

/** The lists that belong to an object, or to the query: those of all rows. */
function listsOf(schema: GraphQLSchema, parent: GraphQLObjectType): List[] {
  const isObject = parent !== schema.getQueryType();
  return fieldsOf(parent).flatMap((field): List[] => {
    const node = nodeOf(field.type);
    if (!node || !nodesOf(schema).includes(node)) {
      return [];
    }
    const filter = argumentType(field, 'filter');
    const order = argumentType(field, 'orderBy');
    const variables = [
      isObject && '$id: ID!',
      PAGE_VARIABLES,
      LIVE_VARIABLE,
      filter && `$filter: ${filter}`,
      order && `$orderBy: ${order}`,
    ].filter(Boolean);
    const passed = [PAGE_ARGUMENTS, filter && 'filter: $filter', order && 'orderBy: $orderBy'].filter(Boolean);
    const selection = selectionOf(columnsOf(schema, node, null));
    const page = 'totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
    const list = `list: ${field.name}(${passed.join(', ')}) { ${page} nodes { ${selection} } }`;
    const body = isObject ? `parent: ${looked(parent, list)}` : list;
    return [
      {
        entity: node.name,
        parent: isObject ? parent.name : null,
        field: field.name,
        document: `query ${node.name}Page(${variables.join(', ')}) ${LIVE} { ${body} }`,
        filter: filter ? inputFields(filter) : [],
        canOrder: order !== null,
      },
    ];
  });
}

/** The mutation that begins with a verb and ends with the type, such as `createTodo`. */
function mutationOf(schema: GraphQLSchema, verb: string, type: GraphQLObjectType, selection?: string): Mutation | null {
  const mutation = schema.getMutationType()?.getFields()[verb + type.name];
  const input = mutation && argumentType(mutation, 'input');
  const fields = input ? inputFields(input) : [];
  // What names no object changes one that is the viewer's.
  if (!mutation || !input || (verb !== 'create' && !fields.some(({ name }) => name === 'id'))) {
    return null;
  }
  const payload = getNamedType(mutation.type);
  const field = fieldsOf(isObjectType(payload) ? payload : null).find(({ type: given }) => getNamedType(given) === type);
  const answer = field && selection ? `object: ${field.name} { ${selection} }` : '__typename';
  const name = verb + type.name;
  return {
    name,
    document: `mutation ${name}($input: ${input}) { ${name}(input: $input) { ${answer} } }`,
    fields,
  };
}

function inputFields(type: GraphQLInputType): Field[] {
  const named = getNamedType(type);
  return isInputObjectType(named)
    ? Object.values(named.getFields()).map((field) => fieldOf(field.name, field.type, field.description))
    : [];
}

function fieldOf(name: string, type: GraphQLInputType | GraphQLOutputType, description?: string | null): Field {
  const named = getNamedType(type);
  return {
    name,
    typeName: String(type),
    kind: isEnumType(named) ? 'choice' : (KINDS[named.name] ?? 'text'),
    values: isEnumType(named) ? named.getValues().map((value) => value.name) : [],
    isRequired: isNonNullType(type),
    isList: isListType(getNullableType(type)),
    description: description ?? '',
  };
}

/** The type of the nodes of a connection; null for what is none. */
function nodeOf(type: GraphQLOutputType): GraphQLObjectType | null {
  const connection = getNamedType(type);
  const nodes = isObjectType(connection) && connection.name.endsWith('Connection') && connection.getFields().nodes;
  const node = nodes ? getNamedType(nodes.type) : null;
  return isObjectType(node) ? node : null;
}

/** A list that can be filtered is long, and has a page of its own; and nobody can tell objects without a name apart in a cell. */
function isShort(field: GraphQLField<unknown, unknown>, node: GraphQLObjectType): boolean {
  return argumentType(field, 'filter') === null && labelOf(node) !== NO_LABEL;
}

function argumentType(field: GraphQLField<unknown, unknown>, name: string): GraphQLInputType | null {
  return field.args.find((argument) => argument.name === name)?.type ?? null;
}

function labelOf(type: GraphQLObjectType): string {
  return LABELS.find((name) => name in type.getFields()) ?? NO_LABEL;
}

function fieldsOf(type: GraphQLObjectType | null | undefined): GraphQLField<unknown, unknown>[] {
  return Object.values(type?.getFields() ?? {});
}

function enumValues(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
}

function camelCase(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
