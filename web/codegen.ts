import type { CodegenConfig } from '@graphql-codegen/cli';

/** The types of what the pages ask for, and of what they are answered. */
const config: CodegenConfig = {
  schema: '../schema.graphql',
  documents: ['studio/**/*.{ts,tsx}'],
  generates: {
    './generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string' },
      },
    },
  },
};

export default config;
