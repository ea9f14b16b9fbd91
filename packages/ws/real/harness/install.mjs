import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const home = fileURLToPath(new URL('..', import.meta.url))
const root = join(home, '../../..')

/** The package of ours that stands for `ws`. */
const OURS = '@wigwag/ws'

/** Installs the real packages, once with `ws` and once with ours in its place. Returns the folder of each. */
export function installBoth() {
  const copy = join(home, '.cache/wigwag')
  const lock = readFileSync(join(home, 'package-lock.json'), 'utf8')
  installOnce(home, lock, () => run('npm', ['ci', '--loglevel=error'], home))
  installOnce(copy, lock, () => {
    rmSync(copy, { recursive: true, force: true })
    linkFiles(join(home, 'node_modules'), join(copy, 'node_modules'))
  })
  for (const folder of ['harness', 'scenarios']) {
    rmSync(join(copy, folder), { recursive: true, force: true })
    linkFiles(join(home, folder), join(copy, folder))
  }
  copyFileSync(join(home, 'package.json'), join(copy, 'package.json'))
  unpackOurs(join(copy, 'node_modules'))
  return [
    { face: 'ws', folder: home },
    { face: '@wigwag/ws', folder: copy },
  ]
}

/** Does it unless it was done for this lock. */
function installOnce(folder, lock, install) {
  const stamp = join(folder, 'node_modules/.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  install()
  writeFileSync(`${stamp}`, lock)
}

/** The same files under another folder. Links, which take neither time nor room; nothing writes to them. */
function linkFiles(from, to) {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.name === '.bin' || entry.name === '.installed' || entry.name === '.cache') continue
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkFiles(source, target)
    else if (entry.isFile()) linkSync(source, target)
  }
}

function unpackOurs(modules) {
  const folder = join(home, '.cache/packed')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // What is packed is the one file that is built of the sources.
  run('npm', ['run', '--silent', 'build', '--workspace', OURS])
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--loglevel=error', '--pack-destination', folder, '--workspace', OURS]),
  )
  const target = join(modules, 'ws')
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', target, '--strip-components=1'])
}

function run(command, args, cwd = root) {
  // Behind `npm test` the settings of the root are in the environment, and would count more than those of the folder.
  const { npm_config_engine_strict: _strict, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}${stdout}`)
}
