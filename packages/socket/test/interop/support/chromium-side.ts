import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launchChromium } from '@wigwag/testkit'
import type { Report, SessionSpec } from './session.ts'
import type { Listening, Side } from './side.ts'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

/** What the page is given: it can read no files. */
interface PageTask {
  readonly url: string
  readonly spec: SessionSpec
  readonly traffic: string | null
}

/** A page in Chromium: a client, and what WHATWG's WebSocket can. */
export class ChromiumSide implements Side {
  readonly name = 'Chromium'
  readonly #browser: Browser
  readonly #page: Page
  readonly #server: Server

  private constructor(browser: Browser, page: Page, server: Server) {
    this.#browser = browser
    this.#page = page
    this.#server = server
  }

  /** Starts it with a page of localhost: other pages have no `crypto.subtle`. */
  static async start(): Promise<ChromiumSide> {
    const server = createServer((_request, response) => response.end('<!doctype html><title>judge</title>'))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const browser = await launchChromium()
    const page = await browser.newPage()
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
    return new ChromiumSide(browser, page, server)
  }

  connect(url: string, spec: SessionSpec): Promise<Report> {
    const traffic = spec.sends === null ? null : readFileSync(spec.sends, 'utf8')
    return this.#page.evaluate(runSession, { url, spec, traffic })
  }

  listen(): Promise<Listening> {
    throw new Error('A page is no server.')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** `Session` again, for a page: it stands alone, since its source is what is sent there. */
function runSession({ url, spec, traffic }: PageTask): Promise<Report> {
  const { expects, close } = spec
  const lines = (traffic ?? '').split('\n').filter((line) => line !== '')
  const items = lines.map((line) => JSON.parse(line) as { type: string; data: string })
  const received: Promise<string>[] = []
  let hasSentAll = false
  let hasClosed = false
  const socket = new WebSocket(url, [...spec.subprotocols])
  socket.binaryType = 'arraybuffer'

  const digest = async (data: string | ArrayBuffer): Promise<string> => {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))
    const text = btoa(String.fromCharCode(...hash))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .slice(0, 12)
    return `${typeof data === 'string' ? 'text' : 'binary'} ${bytes.length} ${text}`
  }
  const closeWhenDone = (): void => {
    if (close === null || !hasSentAll || received.length < expects || hasClosed) return
    hasClosed = true
    // It tells absent from undefined where there is a reason.
    if (close.code === undefined) socket.close()
    else socket.close(close.code, close.reason)
  }
  const sendAll = async (): Promise<void> => {
    for (const [index, { type, data }] of items.entries()) {
      const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
      if (type === 'text') socket.send(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
      else if (type === 'binary') socket.send(bytes)
      if (index % 4 === 3) await new Promise((resolve) => setTimeout(resolve))
    }
    hasSentAll = true
    closeWhenDone()
  }
  return new Promise((resolve) => {
    socket.onopen = () => void sendAll()
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      received.push(digest(data))
      if (traffic === null) socket.send(data)
      closeWhenDone()
    }
    socket.onclose = async ({ code, reason, wasClean }) => {
      const { protocol, extensions } = socket
      const controls = { sendsPings: false, pings: null, pongs: null }
      const close = { code, reason, clean: wasClean }
      resolve({ protocol, extensions, received: await Promise.all(received), ...controls, close })
    }
  })
}
