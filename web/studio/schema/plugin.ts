import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';
import type { Plugin } from 'vite';
import { describe } from './describe.ts';

const MODULE = 'virtual:catalogue';

/** Makes a module of what a schema describes, when the pages are built. */
export function catalogue(schema: string): Plugin {
  return {
    name: 'catalogue',
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : null),
    load(id) {
      if (id !== `\0${MODULE}`) {
        return null;
      }
      this.addWatchFile(schema);
      const described = describe(buildSchema(readFileSync(schema, 'utf8')));
      return `export const catalogue = ${JSON.stringify(described)};`;
    },
  };
}
