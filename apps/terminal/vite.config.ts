import { defineConfig } from 'vite'

export default defineConfig({
  // Relative, so that the page also works below a base path and below that of a reverse proxy.
  base: './',
  build: {
    // Beside the other pages, not among them: each build empties its own folder.
    outDir: '../../packages/programs/terminal',
    emptyOutDir: true,
    target: 'es2022',
    // The page is served with `default-src 'self'`: no data: URIs, no inline preload polyfill.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
})
