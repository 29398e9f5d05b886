import { resolve } from 'node:path';
import { defineConfig } from 'vite';
import { catalogue } from './studio/schema/plugin.ts';

/** One page, whose folder is given: `vite build FOLDER --outDir ../dist/FOLDER --assetsDir FOLDER`. */
export default defineConfig({
  // Relative, so that the server may serve the folder at any path.
  base: './',
  // What dependencies could do better is no news to whoever builds the server.
  logLevel: 'error',
  plugins: [catalogue(resolve(import.meta.dirname, '../schema.graphql'))],
  build: {
    emptyOutDir: true,
    // The editor is one large chunk by nature.
    chunkSizeWarningLimit: 10_000,
  },
});
