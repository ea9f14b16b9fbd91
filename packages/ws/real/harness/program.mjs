import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** Servers are not on the PATH of everybody. */
const PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter)
/** A program that is not ready by then has stopped. */
const READY_MS = 60_000

const groups = new Set()
// One hook for all: nothing that was started here outlives this process.
process.once('exit', () => {
  for (const pid of groups) endGroup(pid)
})

/**
 * Starts a program with processes of its own and resolves when what it writes matches `ready`. Returns how to end it,
 * with all that it started.
 */
export async function startProgram(command, args, { env = {}, ready }) {
  const child = spawn(command, args, {
    env: { ...process.env, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  let limit
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    await new Promise((resolve, reject) => {
      const fail = (what) => reject(new Error(`${command} ${what}:\n${output}`))
      limit = setTimeout(() => fail(`was not ready in ${READY_MS} ms`), READY_MS)
      child.once('error', reject)
      child.once('close', () => fail('ended early'))
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          output += chunk
          if (ready.test(output)) resolve()
        })
      }
      if (child.pid !== undefined) groups.add(child.pid)
    })
  } finally {
    clearTimeout(limit)
  }
  return async () => {
    endGroup(child.pid)
    await ended
    groups.delete(child.pid)
  }
}

/** A folder for what a program writes, on a path short enough for the name of a socket. */
export function makeFolder(name) {
  const folder = mkdtempSync(join('/tmp', `wigwag-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A TCP port of 127.0.0.1 that nobody listens on, for programs that cannot choose one themselves. */
export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
