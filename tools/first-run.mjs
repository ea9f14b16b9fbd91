// The README's promise on a clean clone: `npm start` builds, serves the page and the channels, and ends on SIGTERM.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const END_WITHIN_MS = 5000

const npm = spawn('npm', ['start', '--', '--port', '0', '--log-level', 'warn'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: ['ignore', 'pipe', 'inherit'],
})
const exited = once(npm, 'exit')
// Whatever happens below, nothing is left behind.
process.on('exit', () => npm.kill())

let output = ''
npm.stdout.setEncoding('utf8')
for await (const text of npm.stdout) {
  output += text
  if (/Try: /.test(output)) break
}
const [, url] = /serves (http\S+)/.exec(output) ?? fail(`It does not serve:\n${output}`)

const page = await fetch(url)
if (!page.ok || !(await page.text()).includes('<title>')) fail(`The page is not there: HTTP ${page.status}`)
const published = await fetch(`${url}/channel/foo`, { method: 'POST', body: 'hello' })
if (!published.ok) fail(`Publishing failed: HTTP ${published.status}`)

const since = performance.now()
npm.kill('SIGTERM')
const [code] = await exited
const tookMs = performance.now() - since
if (code !== 0 || tookMs > END_WITHIN_MS) fail(`On SIGTERM it ended with ${code} after ${Math.round(tookMs)} ms`)
await fetch(url).then(
  () => fail('The server is still there after npm has ended.'),
  () => {},
)
console.log(`first run: npm start served ${url} and ended on SIGTERM within ${Math.round(tookMs)} ms`)

function fail(why) {
  console.error(`first run: ${why}`)
  process.exit(1)
}
