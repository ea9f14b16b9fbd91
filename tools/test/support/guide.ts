import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ChildProgram, FaultProxy } from '@wigwag/testkit'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** What the guides have installed, and where else it may be: Socket.IO is a package of those that we are compared with. */
const MODULES = ['@wigwag', 'express', 'esbuild', 'jose', '.bin', 'wigwag', 'socket.io']
const PLACES = ['node_modules', 'bench/peers/node_modules', 'packages/ws/real/node_modules']

/** A program of a guide, and the line to it. */
export interface ServedGuide {
  /** As it was started first. */
  readonly program: ChildProgram
  readonly line: FaultProxy
  /** Where the line is, with a slash at its end. */
  readonly url: string
  /** The way past the line. */
  readonly direct: string
  /** Ends the program at once, and starts it again behind the same line. */
  restart(): Promise<void>
}

/** A block of code in a guide. */
interface Block {
  /** The heading that it stands under; empty above the first. */
  readonly section: string
  /** The file that its first line names, if it does. */
  readonly file: string | undefined
  /** Whether it goes behind what that file has already. */
  readonly isAddition: boolean
  /** What a comment above it calls it. */
  readonly name: string | undefined
  readonly language: string
  readonly code: string
}

/** Whether a package that guides have installed is here. */
export const hasModule = (name: string): boolean => PLACES.some((place) => existsSync(join(root, place, name)))

/**
 * A guide, with its samples as whoever reads it has them: files by the name in their first line (`// server.mjs`, or `// server.mjs, at
 * its end`), in a folder with the packages that it installs.
 */
export class Guide {
  readonly text: string
  readonly folder: string
  readonly #blocks: readonly Block[]

  constructor(name: string) {
    this.text = readFileSync(join(root, 'docs', `${name}.md`), 'utf8')
    this.#blocks = blocksOf(this.text)
    this.folder = mkdtempSync(join(tmpdir(), 'wigwag-guide-'))
    onTestFinished(() => rmSync(this.folder, { recursive: true }))
    mkdirSync(join(this.folder, 'node_modules'))
    for (const module of MODULES) {
      const place = PLACES.find((each) => existsSync(join(root, each, module)))
      if (place !== undefined) symlinkSync(join(root, place, module), join(this.folder, 'node_modules', module))
    }
  }

  /** Writes the files of some sections, one after the other: later ones take the place of earlier ones. */
  write(...sections: readonly string[]): void {
    const blocks = sections.flatMap((section) => this.#blocks.filter((each) => each.section === section))
    if (blocks.length === 0) throw new Error(`There is nothing to write under ${sections}`)
    for (const { file, isAddition, code } of blocks) {
      if (file === undefined) continue
      const path = join(this.folder, file)
      mkdirSync(dirname(path), { recursive: true })
      if (isAddition) appendFileSync(path, code)
      else writeFileSync(path, code)
    }
  }

  /** The code with this comment above it. */
  named(name: string): string {
    const block = this.#blocks.find((each) => each.name === name)
    if (block === undefined) throw new Error(`Nothing is called ${name}`)
    return block.code
  }

  /** Runs the line of a section that begins like this, as `npx esbuild`. Throws with what it said when it fails. */
  run(section: string, beginning: string): void {
    const lines = this.#blocks.filter((each) => each.section === section && each.language === 'sh')
    const line = lines.flatMap(({ code }) => code.split('\n')).find((each) => each.startsWith(beginning))
    if (line === undefined) throw new Error(`No line begins with ${beginning}`)
    const { status, stderr } = spawnSync('sh', ['-c', line.replace('npx ', 'node_modules/.bin/')], {
      cwd: this.folder,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${line}\n${stderr}`)
  }

  /** Runs a program of the guide on a free port, behind a line that can be cut; resolves when it says where it is. */
  async serve(file = 'server.mjs', env: Readonly<Record<string, string>> = {}): Promise<ServedGuide> {
    const started = await this.#start(file, env)
    const line = new FaultProxy(started.port)
    const port = await line.listen()
    onTestFinished(() => line[Symbol.asyncDispose]())
    let now = started
    return {
      line,
      url: `http://localhost:${port}/`,
      get direct() {
        return `http://localhost:${now.port}/`
      },
      program: started.program,
      restart: async () => {
        await now.program[Symbol.asyncDispose]()
        now = await this.#start(file, env)
        line.retarget(now.port)
      },
    }
  }

  async #start(file: string, env: Readonly<Record<string, string>>) {
    const program = new ChildProgram('sh', ['-c', `cd ${this.folder} && exec node ${file}`], { PORT: '0', ...env })
    onTestFinished(() => program[Symbol.asyncDispose]())
    const [, port] = await program.waitFor(/http:\/\/localhost:(\d+)/)
    return { program, port: Number(port) }
  }
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let section = ''
  const parts = /^## (.*)$|(?:<!-- ([\w: -]+) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm
  for (const [, heading, name, language, code = ''] of text.matchAll(parts)) {
    if (language === undefined) {
      section = heading ?? ''
      continue
    }
    const [, file, addition] = /^(?:\/\/|<!--|#) ([\w./-]+\.\w+)(, at its end)?(?: -->)?\n/.exec(code) ?? []
    blocks.push({ section, name, language, code, file, isAddition: addition !== undefined })
  }
  return blocks
}
