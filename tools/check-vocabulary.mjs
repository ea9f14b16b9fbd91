// Checks that names use the terms of VOCABULARY.md: one term per concept, in identifiers and in file names.
// Usage: node tools/check-vocabulary.mjs [ROOT]. Prints each breach and exits with 1 when there is one.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))

/** What is not said, and what is. Words of an identifier are compared, not parts of words. */
const INSTEAD = {
  topic: 'channel',
  room: 'channel',
  roster: 'presence',
  backlogs: 'history',
  heartbeat: 'keepalive',
  kick: 'disconnect',
  mask_key: 'masking-key',
  is_server: 'role',
  is_client: 'role',
  broadcast: 'fan-out or prepared message',
  seq: 'offset',
  cursor: 'position',
  replay: 'recover',
  graceful: 'clean',
  lag: 'slow',
  plugin: 'extension',
  payload_part: 'fragment',
}
/** Names that others chose. */
const FOREIGN = [
  'getCursorPos',
  'isServer',
  '_isServer',
  'broadcast',
  'BroadcastChannel',
  'cursor',
  'setCursor',
  'cursorAccent',
  'cursorBlink',
]
const FILE_NAMES = /^(utils?|helpers?|common|types|misc|lib)\.tsx?$/
const DOORS = [
  'src/index.ts',
  'src/core/index.ts',
  'src/node/index.ts',
  'src/jwt/index.ts',
  'src/testing/index.ts',
  'src/bridge/index.ts',
  'src/term/index.ts',
]

const breaches = []
for (const folder of ['packages', 'apps']) {
  for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (/node_modules|\/dist\/|\/test\/|\/pages\//.test(name) || !/\/src\/.*\.tsx?$/.test(name)) continue
    checkFile(join(root, folder, name))
  }
}
for (const breach of breaches) console.error(breach)
console.log(breaches.length === 0 ? 'vocabulary: one term per concept' : `vocabulary: ${breaches.length} breaches`)
process.exitCode = breaches.length === 0 ? 0 : 1

function checkFile(file) {
  const path = relative(root, file)
  const name = basename(file)
  if (FILE_NAMES.test(name)) breaches.push(`${path}: a file is named after what it exports, not "${name}"`)
  if (name === 'index.ts' && !DOORS.some((door) => path.endsWith(door)))
    breaches.push(`${path}: index.ts only at a subpath's door`)
  for (const identifier of identifiersOf(readFileSync(file, 'utf8'))) {
    if (FOREIGN.includes(identifier)) continue
    const words = `_${wordsOf(identifier).join('_')}_`
    for (const [wrong, right] of Object.entries(INSTEAD)) {
      if (words.includes(`_${wrong}_`)) breaches.push(`${path}: "${identifier}" says ${wrong}; the term is ${right}`)
    }
  }
}

/** Identifiers of the code, without comments and strings. */
function identifiersOf(code) {
  const bare = code
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ')
    .replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, ' ')
    .replace(/`(?:\\.|[^`\\])*`/g, (template) => (template.match(/\$\{[^}]*\}/g) ?? []).join(' '))
  return new Set(bare.match(/[A-Za-z_$][\w$]*/g) ?? [])
}

function wordsOf(identifier) {
  return (identifier.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []).map((word) => word.toLowerCase())
}
