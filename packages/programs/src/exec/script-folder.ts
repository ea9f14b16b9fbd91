import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** A file below a folder, and what of the path is left behind it. */
export interface FoundFile {
  /** Where it is, with every symbolic link resolved. */
  readonly file: string
  /** The part of the path that leads to it, decoded. */
  readonly scriptName: string
  /** What follows it, decoded: empty, or from a slash on. */
  readonly pathInfo: string
}

/** Why there is none: for a log. The client hears that there is nothing here, whatever the reason. */
export interface NotFound {
  readonly why: string
}

/**
 * Finds the file that the beginning of a URL's path leads to. Nothing outside of the folder is ever found: not by `..`, plain or
 * encoded, not by a separator in a name, not by a symbolic link that leads out. Nor is what begins with a dot.
 */
export async function findFile(folder: string, path: string): Promise<FoundFile | NotFound> {
  const names = decodePath(path)
  if (names === undefined) return { why: 'the path is not one of plain names' }
  let root: string
  try {
    root = await realpath(folder)
  } catch (error) {
    return { why: `the folder cannot be read: ${(error as Error).message}` }
  }
  let at = root
  for (const [i, name] of names.entries()) {
    if (name === '') return { why: 'it is a folder' }
    if (name.startsWith('.')) return { why: 'names that begin with a dot are not served' }
    try {
      at = await realpath(join(at, name))
    } catch {
      return { why: 'there is no such file' }
    }
    if (!at.startsWith(root.endsWith(sep) ? root : root + sep))
      return { why: 'a symbolic link leads out of the folder' }
    const status = await stat(at)
    if (status.isDirectory()) continue
    if (!status.isFile()) return { why: 'it is no plain file' }
    const rest = names.slice(i + 1)
    return {
      file: at,
      scriptName: `/${names.slice(0, i + 1).join('/')}`,
      pathInfo: rest.length === 0 ? '' : `/${rest.join('/')}`,
    }
  }
  return { why: 'it is a folder' }
}

/** Whether we may execute a file. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The decoded names of a path; nothing for one that no file could have, or that means something to the file system. */
export function decodePath(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  try {
    const names = path.slice(1).split('/').map(decodeURIComponent)
    const isPlain = (name: string): boolean => name !== '.' && name !== '..' && !/[/\\\0]/.test(name)
    return names.every(isPlain) ? names : undefined
  } catch {
    return undefined // no percent-encoded UTF-8
  }
}
