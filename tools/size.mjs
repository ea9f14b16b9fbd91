// Bundles what pages load, as an application's bundler does, and checks what it weighs: minified, and compressed by gzip.
// Usage: node tools/size.mjs [--parts]. Exits with 1 when something is over its budget.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const TRANSPORTS = {
  httpStream: 'http-stream',
  sse: 'sse',
  longPoll: 'long-poll',
  poll: 'poll',
}
const withTransports = (...names) =>
  `export { Client, webSocket } from '@wigwag/client'\n${names.map((name) => `export { ${name} } from '@wigwag/client/${TRANSPORTS[name]}'`).join('\n')}`

/** What is imported, and how many bytes of it are allowed. */
const BUDGETS = [
  {
    what: 'the core of the client over WebSocket',
    code: `export { CoreClient } from '@wigwag/client/core'`,
    maxBytes: 9728,
  },
  { what: 'the client over WebSocket', code: `export { Client } from '@wigwag/client'`, maxBytes: 12_288 },
  { what: 'a socket to a server of any kind', code: `export { Socket } from '@wigwag/client/socket'`, maxBytes: 4608 },
  { what: 'all of the client', code: `export * from '@wigwag/client'`, maxBytes: 14_336 },
  ...Object.keys(TRANSPORTS).map((name) => ({
    what: `the client over WebSocket and ${name}`,
    code: withTransports(name),
    maxBytes: 14_848,
  })),
  {
    what: 'the client over every transport',
    code: withTransports(...Object.keys(TRANSPORTS)),
    maxBytes: 15_360,
  },
]

for (const { what, code, maxBytes } of BUDGETS) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('../packages/client', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@wigwag/source'],
    metafile: true,
    write: false,
  })
  const bytes = gzipSync(outputFiles[0].contents, { level: 9 }).length
  console.log(`size: ${what} ${bytes} bytes of ${maxBytes}, ${outputFiles[0].contents.length} before gzip`)
  if (process.argv.includes('--parts')) printParts(metafile)
  if (bytes > maxBytes) process.exitCode = 1
}

function printParts({ outputs }) {
  const parts = Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))
  for (const [file, { bytesInOutput }] of parts.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    if (bytesInOutput > 0) console.log(`  ${String(bytesInOutput).padStart(6)}  ${file}`)
  }
}
