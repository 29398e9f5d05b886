import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: '../../schema.graphql',
  documents: ['src/**/*.{ts,tsx}', '!src/graphql/**'],
  silent: true,
  generates: {
    'src/graphql/': {
      preset: 'client',
      // `useFragment`, the default, is no hook, though it is named like one.
      presetConfig: { fragmentMasking: { unmaskFunctionName: 'readFragment' } },
      config: { enumsAsTypes: true, useTypeImports: true, strictScalars: true, scalars: { DateTime: 'string' } },
    },
  },
};

export default config;
