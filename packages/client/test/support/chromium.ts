import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { hasChromium, launchChromium } from '@wigwag/testkit'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type BrowserPage = Awaited<ReturnType<Browser['newPage']>>

/** A page that has the client as `wigwag`. */
export interface ClientPage {
  readonly page: BrowserPage
  readonly context: ReturnType<BrowserPage['context']>
  /** What the page threw and nobody caught: a test looks that there is none. */
  readonly errors: readonly unknown[]
  /** Goes to a URL, and loads the client. */
  open(url: string): Promise<void>
}

/** Tests in a browser: `doors` of the client are there as `wigwag`, built from their sources as an application's bundler does. */
export function describeInChromium(
  doors: readonly string[],
  run: (createPage: () => Promise<ClientPage>) => void,
): void {
  describe.skipIf(!hasChromium)('in Chromium', () => {
    let browser: Browser
    let content: string
    beforeAll(async () => {
      ;[browser, content] = await Promise.all([launchChromium(), bundle(doors)])
    })
    afterAll(() => browser?.close())
    run(async () => {
      const context = await browser.newContext()
      onTestFinished(() => context.close())
      const page = await context.newPage()
      const errors: unknown[] = []
      page.on('pageerror', (error) => errors.push(error))
      const open = async (url: string): Promise<void> => {
        await page.goto(url)
        await page.addScriptTag({ content })
      }
      return { page, context, errors, open }
    })
  })
}

/** Answers what nobody else does with an empty page. */
export function servePages(server: Server): void {
  server.on('request', (_request, response) => {
    if (response.headersSent || response.writableEnded) return
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end('<!doctype html><title>Orders</title>')
  })
}

async function bundle(doors: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: doors.map((door) => `export * from '${door}'`).join('\n'),
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'wigwag',
    conditions: ['@wigwag/source'],
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}
