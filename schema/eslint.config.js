// Rules for ../schema.graphql. Run from the root of the repository.
import graphql from '@graphql-eslint/eslint-plugin'

const described = ['DirectiveDefinition', 'EnumValueDefinition', 'FieldDefinition', 'InputValueDefinition']

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // The schema is printed by the server: descriptions of one line are inline, longer ones are blocks.
      '@graphql-eslint/description-style': 'off',
      // What is written down are objects of their own and no parts of a page: payloads tell of several objects, and connections
      // have `nodes` besides `edges`.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      // Only nodes have ids. All that is listed here is a part of an answer, or of a node, and cannot be read again by itself.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        { exceptions: { suffixes: ['Payload', 'Connection', 'Edge', 'Change', 'Statistics'], types: ['PageInfo', 'Profile', 'DeadJob', 'DurationBucket', 'JobCounts', 'MissCount', 'RowMemo', 'TierMemo', 'Tide', 'TideMark'] } },
      ],
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          ...Object.fromEntries(described.map((kind) => [kind, true])),
          // The specification describes its directives.
          ignoredSelectors: ['DirectiveDefinition > InputValueDefinition'],
        },
      ],
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],
      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
    },
  },
]
