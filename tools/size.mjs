// Bundles what pages load, as an application's bundler does, and checks what it weighs: minified, and compressed by gzip.
// Usage: node tools/size.mjs [--parts]. Exits with 1 when something is over its budget.
import { relative } from 'node:path'
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
    maxBytes: 7168,
  },
  { what: 'the client over WebSocket', code: `export { Client } from '@wigwag/client'`, maxBytes: 11_648 },
  { what: 'a socket to a server of any kind', code: `export { Socket } from '@wigwag/client/socket'`, maxBytes: 3648 },
  { what: 'all of the client', code: `export * from '@wigwag/client'`, maxBytes: 12_032 },
  ...Object.keys(TRANSPORTS).map((name) => ({
    what: `the client over WebSocket and ${name}`,
    code: withTransports(name),
    maxBytes: 13_952,
  })),
  {
    what: 'the client over every transport',
    code: withTransports(...Object.keys(TRANSPORTS)),
    maxBytes: 14_336,
  },
  {
    what: 'what share: true loads besides',
    code: `export { Client } from '@wigwag/client'`,
    isLater: true,
    maxBytes: 10_240,
  },
  { what: 'the shared worker', code: `import '@wigwag/client/share-worker'`, maxBytes: 12_288 },
]

/** What is imported while a page runs is a file of its own, that other pages do not load. */
const LATER = {
  name: 'later',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined))
  },
}

for (const { what, code, isLater = false, maxBytes } of BUDGETS) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('../packages/client', import.meta.url)) },
    bundle: true,
    minify: true,
    splitting: isLater,
    plugins: isLater ? [] : [LATER],
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@wigwag/source'],
    metafile: true,
    outdir: '.',
    write: false,
  })
  const atOnce = isLater ? filesOf(metafile, 'stdin.js') : new Set()
  const wanted = Object.keys(metafile.outputs).filter((name) => !atOnce.has(name))
  const contents = outputFiles.filter(({ path }) => wanted.includes(relative('.', path))).map((file) => file.contents)
  const [bytes, before] = [contents.map((each) => gzipSync(each, { level: 9 })), contents].map(lengthOf)
  console.log(`size: ${what} ${bytes} bytes of ${maxBytes}, ${before} before gzip`)
  if (process.argv.includes('--parts')) printParts(wanted.map((name) => metafile.outputs[name]))
  if (bytes > maxBytes) process.exitCode = 1
}

/** The files that are loaded with one. */
function filesOf({ outputs }, file, found = new Set([file])) {
  for (const { path, kind } of outputs[file].imports) {
    if (kind === 'import-statement' && !found.has(path)) filesOf({ outputs }, path, found.add(path))
  }
  return found
}

function lengthOf(files) {
  return files.reduce((total, { length }) => total + length, 0)
}

function printParts(outputs) {
  const parts = outputs.flatMap(({ inputs }) => Object.entries(inputs))
  for (const [file, { bytesInOutput }] of parts.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    if (bytesInOutput > 0) console.log(`  ${String(bytesInOutput).padStart(6)}  ${file}`)
  }
}
