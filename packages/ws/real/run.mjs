// Plays every scenario with `ws` and with the face of it: node run.mjs [NAME…]. See README.md.
import { readdirSync } from 'node:fs'
import { describeMissing, missingPrograms } from '../../../tools/system-programs.mjs'
import { installBoth } from './harness/install.mjs'
import { differences, perform } from './harness/perform.mjs'

const wanted = process.argv.slice(2)
const scenarios = readdirSync(new URL('scenarios', import.meta.url))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.slice(0, -'.mjs'.length))
  .filter((name) => wanted.length === 0 || wanted.includes(name))
const faces = installBoth()
const total = { checks: 0, failed: 0, leftOut: 0 }

// Most scenarios wait most of the time: two at once.
const waiting = [...scenarios]
await Promise.all(Array.from({ length: 2 }, playWaiting))

async function playWaiting() {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await playScenario(name)
}

/** Each has ports of its own. */
function atOnce(faces, play) {
  return Promise.all(faces.map(play))
}

async function inTurn(faces, play) {
  const played = []
  for (const face of faces) played.push(await play(face))
  return played
}

async function playScenario(name) {
  const { programs = [], serve, fixedPorts = false } = await import(new URL(`scenarios/${name}.mjs`, import.meta.url))
  const missing = missingPrograms(programs)
  if (missing.length > 0) {
    total.leftOut++
    for (const line of describeMissing(missing)) console.log(line)
    return
  }
  // A program that takes its time to start is theirs together.
  const { given, stop } = (await serve?.()) ?? {}
  const [theirs, ours] = await (fixedPorts ? inTurn : atOnce)(faces, (face) => perform(name, face, given))
  await stop?.()
  const faults = [theirs, ours].flatMap(({ face, faults }) => faults.map((fault) => `with ${face}: ${fault}`))
  const lines = [...faults, ...differences(theirs, ours)]
  const seconds = Math.max(theirs.seconds, ours.seconds).toFixed(1)
  console.log(`${name}: ${theirs.checks.size} checks with ws, ${ours.checks.size} with @wigwag/ws (${seconds} s)`)
  for (const line of lines) console.log(`  differs: ${line}`)
  total.checks += ours.checks.size
  total.failed += lines.length
}

console.log(
  `real packages: ${scenarios.length - total.leftOut} scenarios, ${total.checks} checks the same, ${total.failed} different`,
)
if (total.failed > 0 || (total.checks === 0 && total.leftOut === 0)) process.exitCode = 1
