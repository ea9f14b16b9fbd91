import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptsGzip } from '../src/http/accepts-gzip.ts'
import { PageFiles } from '../src/http/page-files.ts'

const SCRIPT = 'const page = "of a server";\n'.repeat(200)
const PICTURE = Buffer.from('89504e470d0a1a0a'.repeat(50), 'hex')

const folder = mkdtempSync(join(tmpdir(), 'wigwag-pages-'))
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'assets', 'page-1a2b.js'), SCRIPT)
writeFileSync(join(folder, 'picture.png'), PICTURE)
const files = new PageFiles(folder)
const server = createServer((incoming, response) => {
  if (!files.serve(incoming.url ?? '', incoming, response)) response.writeHead(404).end()
})
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    request({ port, path, method, headers, agent: false }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) })
    })
      .on('error', reject)
      .end()
  })
}

const SCRIPT_PATH = '/assets/page-1a2b.js'

test('text goes in gzip to whoever takes that, and plain to everybody else, each with a tag of its own', async () => {
  const plain = await ask(SCRIPT_PATH)
  expect(plain).toMatchObject({
    status: 200,
    headers: { vary: 'accept-encoding', 'content-length': `${SCRIPT.length}` },
  })
  expect(plain.headers['content-encoding']).toBeUndefined()
  expect(plain.body.toString()).toBe(SCRIPT)
  const small = await ask(SCRIPT_PATH, { 'accept-encoding': 'br, gzip;q=0.5' })
  expect(small).toMatchObject({ status: 200, headers: { vary: 'accept-encoding', 'content-encoding': 'gzip' } })
  expect(small.body.length).toBeLessThan(SCRIPT.length / 10)
  expect(small.headers['content-length']).toBe(`${small.body.length}`)
  expect(gunzipSync(small.body).toString()).toBe(SCRIPT)
  expect(small.headers.etag).not.toBe(plain.headers.etag)
  const { headers } = await ask(SCRIPT_PATH, { 'accept-encoding': 'gzip' }, 'HEAD')
  expect(headers).toMatchObject({ etag: small.headers.etag, 'content-length': `${small.body.length}` })
})

test('who has it is told so, for what they take', async () => {
  const encoding = { 'accept-encoding': 'gzip' }
  const { headers } = await ask(SCRIPT_PATH, encoding)
  const tag = { 'if-none-match': headers.etag ?? '' }
  expect(await ask(SCRIPT_PATH, { ...encoding, ...tag })).toMatchObject({
    status: 304,
    headers: { etag: headers.etag, vary: 'accept-encoding' },
  })
  expect(await ask(SCRIPT_PATH, tag)).toMatchObject({ status: 200 })
})

test('what is compressed already goes as it is', async () => {
  const { headers, body } = await ask('/picture.png', { 'accept-encoding': 'gzip' })
  expect([headers['content-encoding'], headers.vary, body.equals(PICTURE)]).toEqual([undefined, undefined, true])
})

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['deflate, GZIP ; q=1.0', true],
  ['x-gzip', true],
  ['*', true],
  ['*;q=0.1', true],
  ['*, gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip;q=0.000', false],
  ['br;q=1.0, identity', false],
  ['gzip;q=much', false],
  ['gzipped', false],
])('Accept-Encoding: %s takes gzip: %s', (header, takes) => {
  expect(acceptsGzip(header)).toBe(takes)
})

test('property: whatever a client says, it is understood or passed over, and a refusal is heeded wherever it stands', () => {
  const member = fc.oneof(fc.string(), fc.constantFrom('br', 'identity;q=0.5', '*', '*;q=0', ';', 'q=1'))
  fc.assert(
    fc.property(fc.array(member), fc.array(member), (before, after) => {
      const others = [...before, ...after].join(',').toLowerCase()
      expect(typeof acceptsGzip(others)).toBe('boolean')
      if (!others.includes('gzip')) expect(acceptsGzip([...before, 'gzip;q=0', ...after].join(','))).toBe(false)
    }),
  )
})
