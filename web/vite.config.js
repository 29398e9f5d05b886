import { defineConfig } from 'vite';

export default defineConfig({
  root: 'graphiql',
  // Relative, so that the server may serve the folder at any path.
  base: './',
  // What dependencies could do better is no news to whoever builds the server.
  logLevel: 'error',
  build: {
    outDir: '../dist/graphiql',
    emptyOutDir: true,
    // The editor is one large chunk by nature.
    chunkSizeWarningLimit: 10_000,
  },
});
