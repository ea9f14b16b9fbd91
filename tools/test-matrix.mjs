// `npm run test:matrix`: the tests of @wigwag/socket and @wigwag/ws on several versions of Node, past Node's streams and
// through them. Prints a table; what came out last for each version is kept in bench/results and docs/node-versions.md.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { nodeBinary, nodeEnvironment, OTHER_NODES } from './node-binary.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENT = `${root}/docs/node-versions.md`
const STORE = `${root}/bench/results/node-versions.json`
const EVERY_IO = ['native', 'public']
const EVERY_NODE = [process.versions.node, ...OTHER_NODES]
const PACKAGES = ['packages/socket', 'packages/ws']

const HELP = `Usage: npm run test:matrix -- [options] [test files]

  --node VERSION  on this version of Node only; may be repeated (default ${EVERY_NODE.join(', ')})
  --io MODE       with this I/O only: native or public
  --help          this text

Unless test files are named, the result is kept in docs/node-versions.md. Some 5 minutes for each line of it.
`

/** What a test belongs to, in the order of the columns. */
const SUITES = [
  ['conformance', (file) => file.includes('/test/conformance/')],
  ['integration', (file) => file.endsWith('.integration.test.ts')],
  ['unit', () => true],
]

function runTests(version, io, files) {
  const binary = nodeBinary(version)
  const output = `${root}/.cache/test-matrix/${version}-${io}.json`
  mkdirSync(`${root}/.cache/test-matrix`, { recursive: true })
  rmSync(output, { force: true })
  // Of a second kind of I/O only what depends on it: vitest.config.ts.
  const projects = ['--project', 'unit', '--project', io === 'public' ? 'public-io' : 'integration']
  // What takes long here is not of interest: the machine may have other work.
  const args = ['run', ...projects, '--testTimeout=120000', '--hookTimeout=120000']
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${output}`]
  const started = performance.now()
  const { status } = spawnSync(binary, ['node_modules/vitest/vitest.mjs', ...args, ...reporters, ...files], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    env: nodeEnvironment(binary, { WIGWAG_IO: io, NO_COLOR: '1' }),
  })
  const secs = Math.round((performance.now() - started) / 1000)
  return { version, io, ...describeRun(), secs, status, ...readReport(output) }
}

function describeRun() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', ...PACKAGES) === '' ? '' : ', with changes'
  return { date: new Date().toISOString().slice(0, 10), commit: `${git('rev-parse', '--short', 'HEAD')}${changed}` }
}

/** Counts by suite, and the names of what failed. */
function readReport(output) {
  const counts = Object.fromEntries(SUITES.map(([name]) => [name, { passed: 0, failed: 0, skipped: 0 }]))
  const failures = []
  const skips = []
  for (const { name: path, status, assertionResults } of readJson(output)?.testResults ?? []) {
    const file = path.slice(root.length)
    const [suite] = SUITES.find(([, owns]) => owns(`/${file}`))
    for (const test of assertionResults) {
      const kind = test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped'
      counts[suite][kind]++
      if (kind === 'failed') failures.push(`${file}: ${test.fullName}`)
      if (kind === 'skipped') skips.push(`${file}: ${test.fullName}`)
    }
    if (status === 'failed' && assertionResults.length === 0) {
      counts[suite].failed++
      failures.push(`${file}: does not load`)
    }
  }
  return { counts, failures, skips }
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined // it ended before it could write
  }
}

/** Everything passed, and there was something. */
function isGreen({ status, counts }) {
  const all = Object.values(counts)
  return status === 0 && all.every(({ failed }) => failed === 0) && all.some(({ passed }) => passed > 0)
}

function formatTable(results) {
  const names = SUITES.map(([name]) => name).toReversed()
  const heads = ['Node', 'I/O', ...names.map((name) => `${name}: passed, failed, skipped`), 'date', 'commit']
  const rows = results.map(({ version, io, counts, date, commit }) => [
    version,
    io,
    ...names.map((name) => Object.values(counts[name]).join(', ')),
    date,
    commit,
  ])
  const line = (texts) => `| ${texts.join(' | ')} |`
  return [line(heads), `|${heads.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** What came out last for each version and I/O, these results instead of older ones. */
function keep(results) {
  const isNew = ({ version, io }) => results.some((result) => result.version === version && result.io === io)
  const kept = [...(readJson(STORE) ?? []).filter((result) => !isNew(result)), ...results].toSorted(
    (a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }) || a.io.localeCompare(b.io),
  )
  writeFileSync(STORE, `${JSON.stringify(kept, null, 2)}\n`)
  writeFileSync(DOCUMENT, formatDocument(kept))
}

function formatDocument(results) {
  const list = (key) => {
    const names = [...new Set(results.flatMap((result) => result[key]))]
    return names.map((name) => {
      const where = results.filter((result) => result[key].includes(name))
      return `- ${name} (${where.map(({ version, io }) => `${version} ${io}`).join(', ')})\n`
    })
  }
  const section = (title, lines) => (lines.length === 0 ? '' : `\n## ${title}\n\n${lines.join('')}`)
  return `# Versions of Node

The tests of \`@wigwag/socket\` and \`@wigwag/ws\` on the versions of Node that are supported, past Node's streams (\`native\`) and
through them (\`public\`: \`WIGWAG_IO=public\`, see [sockets.md](sockets.md#past-the-streams)). Past the streams sockets go in these
lines of Node only. Written by \`npm run test:matrix\`, which puts a new line in place of the old one.

${formatTable(results)}

Unit tests are of code that knows no I/O. Conformance is the suite of [conformance.md](conformance.md), in memory and over real sockets;
with \`public\` it is left out over TLS, which is never past the streams. Integration is everything else on real sockets: foreign
peers, Chromium, proxies, leaks, and programs on either face.
${section('Failed', list('failures'))}${section('Skipped', list('skips'))}`
}

const { values, positionals } = parseArgs({
  options: {
    node: { type: 'string', multiple: true },
    io: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  },
  allowPositionals: true,
})
if (values.help || values.io?.some((io) => !EVERY_IO.includes(io))) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}
const results = []
for (const version of values.node ?? EVERY_NODE) {
  for (const io of values.io ?? EVERY_IO) {
    process.stderr.write(`\nNode ${version}, ${io}\n`)
    results.push(runTests(version, io, positionals.length === 0 ? PACKAGES : positionals))
  }
}
console.log(formatTable(results))
for (const { version, io, secs, failures } of results) {
  console.log(`${version} ${io}: ${secs} s${failures.map((name) => `\n  FAILED ${name}`).join('')}`)
}
if (positionals.length === 0) {
  keep(results)
  console.log('kept in docs/node-versions.md')
}
process.exit(results.every(isGreen) ? 0 : 1)
