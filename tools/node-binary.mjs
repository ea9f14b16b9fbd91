import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Versions of Node beside the one that runs this: the latest of each line that `engines` allows and that is still kept. */
export const OTHER_NODES = ['22.23.3', '24.21.0']

/**
 * The binary of one version of Node for this machine, from npm; installs it into `.cache`, outside of the workspace and its
 * lock, unless it is there. Throws an Error that says why there is none.
 */
export function nodeBinary(version) {
  if (version === process.versions.node) return process.execPath
  const packageName = `node-${process.platform}-${process.arch}`
  const folder = fileURLToPath(new URL(`../.cache/node-${version}`, import.meta.url))
  const binary = `${folder}/node_modules/${packageName}/bin/node`
  if (!existsSync(binary)) {
    process.stderr.write(`Installing Node ${version} into ${folder} (about 120 MB, once) …\n`)
    const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
    spawnSync('npm', ['install', ...flags, '--prefix', folder, `${packageName}@${version}`], {
      stdio: ['ignore', process.stderr, process.stderr],
    })
    if (!existsSync(binary)) throw new Error(`npm has no ${packageName}@${version}, or could not install it.`)
  }
  return binary
}

/** An environment in which `node` is that binary, for programs that tests start by name. */
export function nodeEnvironment(binary, env = {}) {
  return { ...process.env, PATH: `${dirname(binary)}:${process.env.PATH}`, npm_config_loglevel: 'error', ...env }
}
