import type { CgiScript } from './cgi-environment.ts'
import type { ResolvedExecOptions } from './exec-options.ts'
import { decodePath, findFile, isExecutable, type NotFound } from './script-folder.ts'

/** What to start for a request, and how it is to see the path. */
export interface ProgramFile extends CgiScript {
  readonly command: string
  readonly args: readonly string[]
}

/** The program for a path: always the same one, or the file of a folder that the path leads to. */
export async function findProgram(
  source: ResolvedExecOptions['source'],
  path: string,
): Promise<ProgramFile | NotFound> {
  if ('command' in source) {
    const [command = '', ...args] = source.command
    const names = decodePath(path)
    if (names === undefined) return { why: 'the path is not one of plain names' }
    return { command, args, scriptName: '/', pathInfo: `/${names.join('/')}` }
  }
  const found = await findFile(source.folder, path)
  if ('why' in found) return found
  const { file, scriptName, pathInfo } = found
  if (!(await isExecutable(file))) return { why: 'it may not be executed; chmod +x makes a script executable' }
  return { command: file, args: [], scriptName, pathInfo }
}
