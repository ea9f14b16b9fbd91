// Bundles what pages load, as an application's bundler does, and checks what it weighs: minified, and compressed by gzip.
// Usage: node tools/size.mjs [--parts]. Exits with 1 when something is over its budget.
import { resolve } from 'node:path'
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
  { what: 'the client over WebSocket', code: `export { Client } from '@wigwag/client'`, maxBytes: 12_544 },
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
  {
    what: 'what share: true loads besides',
    code: `export { Client } from '@wigwag/client'`,
    isLater: true,
    maxBytes: 10_240,
  },
  { what: 'the shared worker', code: `import '@wigwag/client/share-worker'`, maxBytes: 12_288 },
]

for (const { what, code, isLater = false, maxBytes } of BUDGETS) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('../packages/client', import.meta.url)) },
    bundle: true,
    minify: true,
    // What is imported while a page runs is a file of its own, that other pages do not load.
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@wigwag/source'],
    metafile: true,
    outdir: '.',
    write: false,
  })
  const atOnce = filesOf(metafile, './stdin.js')
  const wanted = isLater ? Object.keys(metafile.outputs).filter((name) => !atOnce.has(name)) : [...atOnce]
  const contents = wanted.map((name) => outputFiles.find(({ path }) => path === resolve(name)).contents)
  // As one file, into which most bundlers put what is loaded at once.
  const bytes = gzipSync(Buffer.concat(contents), { level: 9 }).length
  console.log(`size: ${what} ${bytes} bytes of ${maxBytes}, ${Buffer.concat(contents).length} before gzip`)
  if (process.argv.includes('--parts')) printParts(wanted.map((name) => metafile.outputs[name]))
  if (bytes > maxBytes) process.exitCode = 1
}

/** The files that are loaded with one. */
function filesOf({ outputs }, name, found = new Set()) {
  const file = name.replace(/^\.\//, '')
  if (found.has(file)) return found
  found.add(file)
  for (const { path, kind } of outputs[file].imports) if (kind === 'import-statement') filesOf({ outputs }, path, found)
  return found
}

function printParts(outputs) {
  const parts = outputs.flatMap(({ inputs }) => Object.entries(inputs))
  for (const [file, { bytesInOutput }] of parts.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    if (bytesInOutput > 0) console.log(`  ${String(bytesInOutput).padStart(6)}  ${file}`)
  }
}
