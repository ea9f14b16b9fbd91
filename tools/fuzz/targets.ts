import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project. */
export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url))

/** A target, and the folder of the inputs that are kept for it. */
export interface TargetFile {
  readonly name: string
  readonly file: string
  /** One file for each input. */
  readonly corpus: string
}

/** Every `test/fuzz/NAME.target.ts` of the packages and apps below `root`, by name. */
export function findTargets(root: string = projectRoot): readonly TargetFile[] {
  return ['packages', 'apps']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'test/fuzz')))
    .flatMap((folder) => listFolder(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.target.ts'))
    .map((file) => {
      const name = basename(file, '.target.ts')
      return { name, file, corpus: join(dirname(file), 'corpus', name) }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The inputs of a corpus folder, by file name. */
export function readCorpus(folder: string): ReadonlyMap<string, Uint8Array> {
  return new Map(
    listFolder(folder)
      .sort()
      .map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]),
  )
}

/** Writes an input, and returns its path for people. */
export function writeInput(folder: string, name: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), input)
  return relative(process.cwd(), join(folder, name))
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
  } catch {
    return []
  }
}
