// Packs every public package as npm would publish it and has publint and arethetypeswrong judge the tarball.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'wigwag-pack-'))

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (status === 0) return stdout
  process.stderr.write(stdout + stderr)
  throw new Error(`${command} ${args.join(' ')} failed`)
}

try {
  for (const name of readdirSync(join(root, 'packages'))) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
    if (manifest.private) continue
    const [packed] = JSON.parse(
      run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder, '--workspace', manifest.name]),
    )
    const tarball = join(folder, packed.filename)
    checkFiles(
      manifest,
      packed.files.map(({ path }) => path),
    )
    run('npx', ['--no-install', 'publint', 'run', tarball, '--strict'])
    // A command has no types to resolve.
    const profile = manifest.main?.endsWith('.cjs') ? 'strict' : 'esm-only'
    if (manifest.bin === undefined) run('npx', ['--no-install', 'attw', tarball, '--profile', profile, '--quiet'])
    console.log(`packages: ${manifest.name} ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB`)
  }
} finally {
  rmSync(folder, { recursive: true })
}

/** Everything that the manifest points to is in the tarball, and nothing that only the build needs. */
function checkFiles(manifest, files) {
  const wanted = [...pathsIn(manifest.exports), manifest.main, manifest.types, manifest.bin]
    .flatMap(pathsIn)
    .map((path) => path.replace('./', ''))
  const absent = wanted.filter((path) => !files.includes(path))
  const stray = files.filter((path) => /\.tsbuildinfo$|^test\//.test(path))
  if (absent.length + stray.length > 0) {
    throw new Error(
      `${manifest.name}: missing ${absent.join(', ') || 'nothing'}; stray ${stray.join(', ') || 'nothing'}`,
    )
  }
}

/** Every path under an entry of the manifest, however deep its conditions are. */
function pathsIn(entry) {
  if (typeof entry === 'string') return [entry]
  return typeof entry === 'object' && entry !== null ? Object.values(entry).flatMap(pathsIn) : []
}
