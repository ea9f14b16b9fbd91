import { defineConfig } from 'vitest/config'

const conditions = ['@wigwag/source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Most of the time tests wait for programs: by default vitest leaves a core to whoever watches.
    maxWorkers: '100%',
    reporters: ['default', './tools/plain-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: {
        'packages/socket/src/core/frame/frame-parser.ts': { branches: 98 },
        'packages/socket/src/core/**': { branches: 98 },
      },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // Property tests that take a second by themselves may take longer beside others.
          testTimeout: 30_000,
          include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
          exclude: ['**/*.integration.test.ts'],
          // Pure code shares nothing: a process per file would cost more than the tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'public-io',
          include: ['packages/socket/test/**/*.integration.test.ts', 'packages/ws/test/**/*.integration.test.ts'],
          // Run once already: over TLS, and where a test asks for it, sockets never go past Node's streams; types and
          // packages do not depend on it.
          exclude: ['**/conformance/http{s,-streams}.integration.test.ts', '**/install.integration.test.ts'],
          env: { WIGWAG_IO: 'public' },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: [
            'packages/*/test/**/*.integration.test.ts',
            'tools/test/**/*.test.ts',
            'bench/test/**/*.test.ts',
            'examples/**/*.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
