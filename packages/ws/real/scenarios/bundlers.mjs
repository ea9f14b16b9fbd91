import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import webpack from 'webpack'

export const packages = ['socket.io', 'engine.io', 'engine.io-client']

const ENTRY = resolve('scenarios/bundled/program.mjs')
/** A bundle of modules has no `require`, which CommonJS in it asks for Node's modules with. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** A program with everything that it uses in one file, for Node: as functions in the cloud and desktop programs are made. */
export async function play(check) {
  // Nothing is found from there: what is not in the bundle is missing.
  const folder = await mkdtemp('/tmp/wigwag-bundle-')
  for (const [name, make] of Object.entries(BUNDLERS)) {
    const file = join(folder, `${name}.mjs`)
    await make(file)
    const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' })
    check(`${name}: ended`, [status, stderr], [0, ''])
    for (const seen of JSON.parse(stdout || '[]')) check(`${name}: saw`, seen)
  }
  await rm(folder, { recursive: true })
}

const BUNDLERS = {
  esbuild: (outfile) => bundle({ outfile }),
  'esbuild-minified': (outfile) => bundle({ outfile, minify: true, keepNames: false }),
  webpack: pack,
}

async function bundle(options) {
  const common = { entryPoints: [ENTRY], bundle: true, platform: 'node', target: 'node20', format: 'esm' }
  const natives = ['bufferutil', 'utf-8-validate']
  await build({ ...common, banner: { js: REQUIRE }, external: natives, logLevel: 'error', ...options })
}

async function pack(file) {
  const compiler = webpack({
    mode: 'development',
    devtool: false,
    entry: ENTRY,
    target: 'node20',
    output: { path: resolve(file, '..'), filename: file.split('/').at(-1), module: true, chunkFormat: 'module' },
    experiments: { outputModule: true },
  })
  const stats = await new Promise((done, failed) => compiler.run((error, all) => (error ? failed(error) : done(all))))
  // What is no more than a warning: `ws` asks for two packages that nobody needs to have.
  const errors = stats.toJson({ all: false, errors: true }).errors
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'))
  await new Promise((done) => compiler.close(done))
}
