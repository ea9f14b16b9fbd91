import { defineConfig } from 'vite'
import { pageBuild } from '../shared/src/page-build.ts'

export default defineConfig(pageBuild({ outDir: '../../packages/cli/pages', pages: ['index.html', 'orders.html'] }))
