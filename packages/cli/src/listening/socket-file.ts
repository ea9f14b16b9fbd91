import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { CliError, describeError } from '../cli-error.ts'

/** Who may connect to a unix socket. */
export interface SocketFileOptions {
  /** Its permissions. Default: what the process's mask leaves, which mostly lets its owner alone connect. */
  readonly socketMode?: number
  /** `USER`, `USER:GROUP` or `:GROUP`. Default: whoever runs us. */
  readonly socketOwner?: string
}

/** Removes the file of a socket that nobody listens on any more: whoever is killed leaves one. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!isSocket(path)) return
  const isStale = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
  if (isStale) unlinkSync(path)
}

/**
 * Has `listen` make a socket, which it does before it returns, and gives it to whom it belongs once it listens. Until then nobody
 * but us can connect. Rejects with `CliError` when it cannot be given away; it listens still then.
 */
export async function listenProtected<T>(
  path: string,
  { socketMode, socketOwner }: SocketFileOptions,
  listen: () => Promise<T>,
): Promise<T> {
  await removeStaleSocket(path)
  if (socketMode === undefined && socketOwner === undefined) return listen()
  const mask = process.umask(0o177)
  let listening: Promise<T>
  try {
    listening = listen()
  } finally {
    process.umask(mask)
  }
  const at = await listening
  try {
    if (socketOwner !== undefined) changeOwner(path, socketOwner)
    chmodSync(path, socketMode ?? 0o777 & ~mask)
  } catch (error) {
    throw new CliError(`Cannot change who may use ${path}: ${describeError(error)}`)
  }
  return at
}

/** chown(1) knows users and groups by name, wherever the system keeps them. */
function changeOwner(path: string, owner: string): void {
  const { error, status, stderr } = spawnSync('chown', ['--', owner, path], { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${stderr.trim()} (--socket-owner ${owner})`)
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true
}
