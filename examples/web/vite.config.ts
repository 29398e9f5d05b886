import react from '@vitejs/plugin-react';
import { defineConfig, type ProxyOptions } from 'vite';

// One origin for the page and the API, so the session's cookie is the page's own.
const proxy: Record<string, ProxyOptions> = {
  '/graphql': {
    target: process.env.TIDEWATER_URL ?? 'http://127.0.0.1:8000',
    ws: true,
    configure: (proxy) => {
      // A stream that breaks on one side breaks on the other, too. The proxy would leave it open.
      proxy.on('proxyRes', (answer, _, passedOn) => answer.on('error', () => passedOn.destroy()));
    },
  },
};

export default defineConfig({
  plugins: [react()],
  // Relative, so that the built files may be served from any folder.
  base: './',
  server: { proxy },
  preview: { proxy },
});
