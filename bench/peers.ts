import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder that the peers are installed in. It is no workspace: only the benchmark wants it. */
export const PEERS: URL = new URL('./peers/', import.meta.url)

/** The package that holds Bun's binary for this machine. It is called directly; the package `bun` only finds it. */
export const BUN_PACKAGE: string = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : process.arch}`

/** Installs the peers unless they are there in the versions that are pinned. Returns why that failed, if it did. */
export function installPeers(tell: (text: string) => void): string | undefined {
  if (arePeersInstalled()) return undefined
  tell('Installing what is compared with (bench/peers, about 110 MB, once) …\n')
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: fileURLToPath(PEERS),
    stdio: ['ignore', process.stderr, process.stderr],
  })
  if (status !== 0) return `npm ci in bench/peers failed (${error?.message ?? `exit code ${status}`})`
  return arePeersInstalled() ? undefined : 'npm ci in bench/peers did not install what package.json pins'
}

/** Version of a package that is installed among the peers; nothing when it is not. */
export function peerVersion(packageName: string): string | undefined {
  const file = new URL(`node_modules/${packageName}/package.json`, PEERS)
  return existsSync(file) ? (readJson(file) as { version: string }).version : undefined
}

/** Bun's binary; nothing when there is none for this machine. */
export function findBun(): string | undefined {
  const file = fileURLToPath(new URL(`node_modules/${BUN_PACKAGE}/bin/bun`, PEERS))
  return existsSync(file) ? file : undefined
}

/** Optional ones are for some machines only. */
function arePeersInstalled(): boolean {
  const { dependencies } = readJson(new URL('package.json', PEERS)) as { dependencies: Record<string, string> }
  return Object.entries(dependencies).every(([name, version]) => peerVersion(name) === version)
}

function readJson(file: URL): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
