import { defineConfig } from 'vite'
import { pageBuild } from '../shared/src/page-build.ts'

export default defineConfig(pageBuild({ outDir: '../../packages/programs/pages', pages: ['log.html', 'chart.html'] }))
