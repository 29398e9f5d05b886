import { defineConfig } from 'vite';

/** One page, whose folder is given: `vite build FOLDER --outDir ../dist/FOLDER`. */
export default defineConfig({
  // Relative, so that the server may serve the folder at any path.
  base: './',
  // What dependencies could do better is no news to whoever builds the server.
  logLevel: 'error',
  build: {
    emptyOutDir: true,
    // The editor is one large chunk by nature.
    chunkSizeWarningLimit: 10_000,
  },
});
