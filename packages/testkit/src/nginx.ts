import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ChildProgram } from './child-program.ts'

/** Whether tests with nginx can run here. */
export const hasNginx: boolean = spawnSync('nginx', ['-v']).error === undefined

/** A running nginx. */
export interface StartedNginx extends AsyncDisposable {
  readonly port: number
}

/** Starts nginx with these directives in its only server, on a free port of loopback; resolves when it listens. */
export async function startNginx(directives: string): Promise<StartedNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-nginx-'))
  const port = await findFreePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${join(folder, what)};`)
    .join('\n')
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr notice;
events {}
http {
access_log off;
${temporary}
server { listen 127.0.0.1:${port};
${directives}
} }`,
  )
  const program = new ChildProgram('nginx', ['-c', file, '-e', 'stderr'])
  // The last that it says; it listens by then.
  await program.waitFor(/getrlimit/, 'stderr')
  return {
    port,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** nginx has no port that stands for any free one. */
async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
