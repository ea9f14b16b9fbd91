import { defineConfig } from 'vite'
import { pageBuild } from '../shared/src/page-build.ts'

export default defineConfig(
  pageBuild({
    // Beside the other pages, not among them: each build empties its own folder.
    outDir: '../../packages/programs/terminal',
    pages: ['index.html'],
    isDark: true,
    aboveKeyboard: true,
  }),
)
