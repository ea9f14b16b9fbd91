import { defineConfig } from 'vite'

export default defineConfig({
  // Relative, so that the pages also work below a path of a reverse proxy.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../packages/programs/pages',
    emptyOutDir: true,
    target: 'es2022',
    // The pages are served with `default-src 'self'`: no data: URIs, no inline preload polyfill.
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { input: ['log.html', 'chart.html'] },
  },
})
