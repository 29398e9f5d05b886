import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// One origin for the page and the API, so the session's cookie is the page's own.
const proxy = { '/graphql': { target: process.env.TIDEWATER_URL ?? 'http://127.0.0.1:8000', ws: true } };

export default defineConfig({
  plugins: [react()],
  // Relative, so that the built files may be served from any folder.
  base: './',
  server: { proxy },
  preview: { proxy },
});
