import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// Relative addresses: the page works at the root and behind a proxy's path alike.
export default defineConfig({
  base: './',
  plugins: [svelte()],
  build: { outDir: '../static/ui', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  worker: { format: 'es' },
  server: { proxy: { '/v1': 'http://127.0.0.1:8000', '/example': 'http://127.0.0.1:8000' } },
});
