import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const platform = process.env['PLATFORM_URL'] ?? 'http://127.0.0.1:4000';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // The page runs under a policy without data: and inline code.
  build: { assetsInlineLimit: 0, sourcemap: true, modulePreload: { polyfill: false } },
  server: { proxy: { '/graphql': { target: platform, ws: true }, '/audio': platform, '/mock-audio': platform } },
});
