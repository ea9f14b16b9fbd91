// Plays one scenario in this process, with the `ws` that this folder has: node harness/play.mjs NAME GIVEN. What it saw goes to
// file descriptor 3, one JSON object a line.
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { createCheck } from './checks.mjs'

/** How long a scenario may keep the process alive behind its end. */
const LINGER_MS = 1_500

const tell = (result) => writeSync(3, `${JSON.stringify(result)}\n`)
const failed = (where) => (error) => {
  tell({ failure: `${where}: ${error?.stack ?? inspect(error, { depth: 0 })}` })
  process.exit(1)
}
process.on('uncaughtException', failed('uncaught'))

const { packages, play } = await import(new URL(`../scenarios/${process.argv[2]}.mjs`, import.meta.url))
for (const name of packages) {
  const seenFromThere = createRequire(new URL(`../node_modules/${name}/package.json`, import.meta.url))
  tell({ resolved: { by: name, to: seenFromThere('ws/package.json').name } })
}
await play(createCheck(tell), JSON.parse(process.argv[3] ?? '{}')).catch(failed('play'))
tell({ done: true })
setTimeout(() => {
  tell({ lingers: true })
  process.exit()
}, LINGER_MS).unref()
