// Checks that every import points down: between packages and between the rooms of a package (see layers.mjs).
// Usage: node tools/check-layers.mjs [ROOT]. Prints each breach and exits with 1 when there is one.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGES } from './layers.mjs'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))
// The formatter writes every import and re-export at the start of a line, with single quotes.
const IMPORT = /^(?:import\s+'([^']+)'|(?:import|export)\s[^'"`=;()]*?\sfrom\s+'([^']+)')|\bimport\(\s*'([^']+)'\s*\)/gm

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*/g
const RANDOM = /\bMath\.random\b/

const breaches = Object.entries(PACKAGES).flatMap(([folder, rules]) => checkPackage(folder, rules))
for (const breach of breaches) console.error(breach)
console.log(breaches.length === 0 ? 'layers: every import points down' : `layers: ${breaches.length} breaches`)
process.exitCode = breaches.length === 0 ? 0 : 1

function checkPackage(folder, rules) {
  const source = join(root, folder, 'src')
  return listFiles(source).flatMap((file) => {
    const name = relative(source, file).split(sep).join('/')
    const found = []
    const code = readFileSync(file, 'utf8')
    if (isPure(rules, roomOf(rules, name)) && RANDOM.test(code.replace(COMMENT, ''))) {
      found.push(`${folder}/src/${name}: Math.random is used, but randomness comes in by argument`)
    }
    for (const match of code.matchAll(IMPORT)) {
      const fault = checkImport(rules, name, match[1] ?? match[2] ?? match[3])
      if (fault !== undefined) found.push(`${folder}/src/${name}: ${fault}`)
    }
    return found
  })
}

function checkImport(rules, file, specifier) {
  const room = roomOf(rules, file)
  if (room === undefined) return `no room of layers.mjs holds this file`
  if (!specifier.startsWith('.')) return checkPackageImport(rules, room, specifier)
  const target = normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/')
  if (target.startsWith('..')) return `${specifier} leaves the package: import it by its name`
  const targetRoom = roomOf(rules, target)
  if (targetRoom === undefined) return `${specifier} is in no room of layers.mjs`
  if (rules.rooms.indexOf(targetRoom) > rules.rooms.indexOf(room)) {
    return `${specifier} points up, from ${describe(room)} to ${describe(targetRoom)}`
  }
  if (rules.apart.some((pair) => pair.includes(room) && pair.includes(targetRoom) && room !== targetRoom)) {
    return `${specifier} joins ${describe(room)} and ${describe(targetRoom)}, which are apart`
  }
  const door = rules.doors.find(
    ({ from, into }) => isIn(room, from) && isIn(targetRoom, into) && !isIn(targetRoom, from),
  )
  if (door !== undefined && target !== door.through) return `${specifier} goes past the door ${door.through}`
  return undefined
}

function checkPackageImport(rules, room, specifier) {
  if (isPure(rules, room) && !isPurePackage(specifier))
    return `${specifier} is imported, but ${describe(room)} is pure: it imports nothing from outside that is not`
  if (!specifier.startsWith('@wigwag/') && specifier !== 'wigwag') return undefined
  const name = specifier.split('/').slice(0, 2).join('/')
  return rules.packages.includes(name) ? undefined : `${name} is not below this package`
}

function isPure({ pure }, room) {
  return pure.some((name) => (name === '' ? room === '' : isIn(room, name)))
}

/** Whether all of a package of ours is pure. */
function isPurePackage(specifier) {
  const rules = PACKAGES[specifier.replace(/^@wigwag\//, 'packages/')]
  return rules?.rooms.every((room) => isPure(rules, room)) ?? false
}

/** The most specific room that holds a file. */
function roomOf({ rooms }, file) {
  return rooms.filter((room) => isIn(file, room)).sort((a, b) => b.length - a.length)[0]
}

function isIn(path, room) {
  return room === '' || path === room || path.startsWith(`${room}/`)
}

function describe(room) {
  return room === '' ? 'the top' : room
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name))
}
