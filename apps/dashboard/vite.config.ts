import { defineConfig } from 'vite'

export default defineConfig({
  // Relative, so that the page also works below a path of a reverse proxy.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../packages/cli/pages',
    emptyOutDir: true,
    target: 'es2022',
    // The page is served with `default-src 'self'`: no data: URIs, no inline preload polyfill.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
})
