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
export async function removeStaleSocket(path: string): Promise<void> {
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

/** Gives a socket to whom it belongs. Throws `CliError` when that is not allowed. */
export function protectSocket(path: string, { socketMode, socketOwner }: SocketFileOptions): void {
  try {
    if (socketOwner !== undefined) changeOwner(path, socketOwner)
    if (socketMode !== undefined) chmodSync(path, socketMode)
  } catch (error) {
    throw new CliError(`Cannot change who may use ${path}: ${describeError(error)}`)
  }
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
