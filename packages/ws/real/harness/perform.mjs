import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A scenario that takes longer has stopped. */
const LIMIT_MS = 90_000

/**
 * Plays a scenario in a process of its own, in a folder that has one `ws` or the other, with what `serve` gave. Returns what it noted, and what
 * kept it from being played to the end.
 */
export async function perform(scenario, { face, folder }, given = {}) {
  const started = performance.now()
  const child = spawn(process.execPath, ['harness/play.mjs', scenario, JSON.stringify(given)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'test' },
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const results = []
  for await (const line of createInterface({ input: child.stdio[3] })) results.push(JSON.parse(line))
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once('exit', resolve))
  clearTimeout(limit)
  const checks = new Map(results.filter(({ name }) => name !== undefined).map((result) => [result.name, result]))
  const faults = results.filter(({ failure }) => failure !== undefined).map(({ failure }) => failure)
  for (const { resolved } of results) {
    if (resolved !== undefined && resolved.to !== face) faults.push(`${resolved.by} finds ${resolved.to}, not ${face}`)
  }
  for (const { name, ok, value, wanted } of checks.values()) if (!ok) faults.push(`${name}: ${value}, not ${wanted}`)
  const ended = results.some(({ done }) => done)
  if (!ended) faults.push(`ended early (${child.exitCode ?? child.signalCode}):\n${output}`)
  const lingers = results.some((result) => result.lingers)
  return { face, checks, faults, ended, lingers, seconds: (performance.now() - started) / 1000 }
}

/** What was noted with one and not, or not so, with the other. */
export function differences(theirs, ours) {
  const lines = []
  // Whoever was cut short has noted less: that is told already.
  if (!theirs.ended || !ours.ended) return lines
  for (const name of new Set([...theirs.checks.keys(), ...ours.checks.keys()])) {
    const [expected, actual] = [theirs.checks.get(name)?.value, ours.checks.get(name)?.value]
    if (expected !== actual) lines.push(`${name}\n    ws:         ${expected}\n    @wigwag/ws: ${actual}`)
  }
  if (theirs.lingers !== ours.lingers) {
    lines.push(`what keeps the process alive\n    ws:         ${theirs.lingers}\n    @wigwag/ws: ${ours.lingers}`)
  }
  return lines
}
