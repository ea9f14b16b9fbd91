import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ChildProgram, findProgram, hasChromium, launchChromium, SYSTEM_PYTHON } from '@wigwag/testkit'
import { build } from 'esbuild'
import { EventSource } from 'eventsource'
import { expect, onTestFinished, test } from 'vitest'
import { Arrivals } from '../support/arrivals.ts'
import { guideCommands, guideProgram } from '../support/guide-program.ts'
import { type ServedChannels, serveChannels, untilSubscribed } from '../support/served-channels.ts'

/** A client that somebody else wrote, in its own way. */
interface Follower {
  readonly name: string
  /** Resolves when it knows where it stands. */
  readonly ready: Promise<unknown>
  /** Resolves with the data that it showed, when they are so many. */
  shown(count: number): Promise<readonly string[]>
}

/** What is published before all others begin: it is not theirs, but polls that know no position begin with it. */
const BEFORE = 'before'

function followWithEventSource(served: ServedChannels): Follower {
  const shown: string[] = []
  const arrivals = new Arrivals()
  const show = (text: string): void => {
    shown.push(text)
    arrivals.tell()
  }
  const foo = new EventSource(served.url('/channel/foo'))
  onTestFinished(() => foo.close())
  foo.onmessage = ({ data }) => show(data)
  foo.addEventListener('shipped', ({ data }) => show(`shipped: ${data}`))
  foo.addEventListener('gap', ({ data }) => show(`gap: ${JSON.parse(data).reason}`))
  return {
    name: 'eventsource of npm',
    ready: new Promise((resolve) => foo.addEventListener('live', resolve)),
    async shown(count) {
      await arrivals.until(() => shown.length >= count)
      return [...shown]
    },
  }
}

/** A page with the packages of npm, on the server itself. */
async function openPage(served: ServedChannels) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../support/page-clients.mjs', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
  })
  served.server.on('request', (request, response) => {
    const isScript = request.url === '/clients.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    const html = '<!doctype html><title>Clients</title><script src="/clients.js"></script>'
    response.end(isScript ? outputFiles[0]?.text : html)
  })
  const browser = await launchChromium()
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(served.url('/'))
  return page
}

/** What programs for pages use: `show`, `refetch`, `token`, and the packages. */
const INSIDE_PAGE = `
  const mine = { shown: [], isLive: false }
  const show = (data, type) => mine.shown.push(type ? type + ': ' + data : data)
  const refetch = (reason) => show('gap: ' + reason)
  const live = () => { mine.isLive = true }
  const token = 'none'
  const fetchEventSource = (url, options) => window.fetchEventSource(url, {
    ...options,
    onmessage(message) {
      if (message.event === 'live') live()
      options.onmessage(message)
    },
  })`

async function followInPage(
  page: Awaited<ReturnType<typeof openPage>>,
  name: string,
  source: string,
): Promise<Follower> {
  const mine = `followers[${JSON.stringify(name)}]`
  await page.evaluate(`{ window.followers ??= {}; ${INSIDE_PAGE}; ${mine} = mine; ${source}; } undefined`)
  const isPoll = name.startsWith('jquery')
  return {
    name,
    ready: isPoll ? Promise.resolve() : page.waitForFunction(`${mine}.isLive`),
    async shown(count) {
      await page.waitForFunction(`${mine}.shown.filter((each) => each !== '${BEFORE}').length >= ${count}`)
      return (await page.evaluate(`${mine}.shown`)) as string[]
    },
  }
}

const eventSourceOf = (name: string): string => `
  const foo = new ${name}('/channel/foo')
  foo.onmessage = ({ data }) => show(data)
  foo.addEventListener('live', live)
  foo.addEventListener('shipped', ({ data }) => show(data, 'shipped'))
  foo.addEventListener('gap', ({ data }) => refetch(JSON.parse(data).reason))`

function followWithProgram(
  { server }: ServedChannels,
  name: string,
  command: string,
  args: readonly string[],
  line: RegExp,
): Follower {
  const program = new ChildProgram(command, args)
  onTestFinished(() => {
    program.kill('SIGKILL')
    // What a shell has started ends with its connection.
    server.closeAllConnections()
    return program.exit.then(() => {})
  })
  const shown = (): string[] => [...program.stdout.matchAll(line)].map(([, data]) => data as string)
  return {
    name,
    ready: program.waitFor(new RegExp(BEFORE)),
    async shown(count) {
      while (shown().filter((each) => each !== BEFORE).length < count) {
        await program.waitFor(new RegExp(`^(?![^]{0,${program.stdout.length}}$)`))
      }
      expect(program.stderr, name).toBe('')
      return shown()
    },
  }
}

function startPrograms(served: ServedChannels): Follower[] {
  const { port } = served
  const folder = mkdtempSync(join(tmpdir(), 'wigwag-shell-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const php = findProgram('php')
  const printed = /^(.+)$/gm
  return [
    followWithProgram(served, 'python-poll', SYSTEM_PYTHON, ['-c', guideProgram('python-poll', port)], printed),
    followWithProgram(
      served,
      'shell',
      'sh',
      ['-c', `cd ${folder}\n${guideProgram('shell', port)}`],
      /"data":"([^"]*)"/g,
    ),
    ...(php === undefined
      ? []
      : [followWithProgram(served, 'php', php, ['-r', guideProgram('php', port).replace('<?php', '')], printed)]),
  ]
}

test('clients that nobody here wrote, as documented: each goes on where it was cut, also before anything came', async () => {
  const served = await serveChannels()
  const { hub, server, port } = served
  const python = followWithProgram(served, 'python', SYSTEM_PYTHON, ['-c', guideProgram('python', port)], /^(.+)$/gm)
  await untilSubscribed(hub, 1)
  await hub.publish('foo', BEFORE)
  const followers = [python, followWithEventSource(served), ...startPrograms(served)]
  if (hasChromium) {
    const page = await openPage(served)
    for (const [name, source] of [
      ['EventSource', eventSourceOf('EventSource')],
      ['event-source-polyfill', eventSourceOf('EventSourcePolyfill')],
      ['@microsoft/fetch-event-source', guideProgram('fetch-event-source', port)],
      ['jquery', guideProgram('jquery', port)],
      ['jquery-timestamp', guideProgram('jquery-timestamp', port)],
    ] as const) {
      followers.push(await followInPage(page, name, source))
    }
  }
  await Promise.all(followers.map(({ ready }) => ready))
  const untilShown = async (count: number): Promise<void> => {
    await Promise.all(followers.map((follower) => follower.shown(count)))
  }
  await untilSubscribed(hub, followers.length)
  server.closeAllConnections()
  await hub.publish('foo', 'while nobody was there')
  await untilShown(1)
  await hub.publish('foo', 'parcel 7', { tags: { type: 'shipped' } })
  await untilShown(2)
  server.closeAllConnections()
  await hub.publish('foo', 'after another cut')
  await untilShown(3)
  for (const follower of followers) {
    const shown = (await follower.shown(3)).filter((each) => each !== BEFORE)
    const hasTypes = /event-?source/i.test(follower.name)
    const parcel = hasTypes ? 'shipped: parcel 7' : 'parcel 7'
    expect(shown, follower.name).toEqual(['while nobody was there', parcel, 'after another cut'])
  }
})

test('every transport is a curl away', async () => {
  const served = await serveChannels()
  await served.hub.publish('foo', 'published before')
  const commands = guideCommands(served.port)
  expect(commands).toHaveLength(5)
  const print = async (command: string | undefined, first: RegExp, publish: string): Promise<string> => {
    await using program = new ChildProgram('sh', ['-c', `exec ${command}`])
    await program.waitFor(first)
    if (publish === '') return (await program.exit).stdout
    await served.hub.publish('foo', publish)
    await program.waitFor(new RegExp(publish))
    return program.stdout
  }
  const [events, lines, ...polls] = commands
  expect(await print(polls[2], /e/, '')).toBe('published before')
  for (const command of polls.slice(0, 2)) {
    expect(await print(command, /\]/, '')).toMatch(/ETag: "[\w-]+:1"[\s\S]*\r\n\[\{.*"published before"\}\]\n$/i)
  }
  expect(await print(events, /live/, 'an event')).toMatch(
    /^retry: \d+\n\n: live, 0 recovered\n[\s\S]*\ndata: an event\n/,
  )
  expect(await print(lines, /live/, 'a line')).toMatch(/^\{"retry":\d+\}\n\{"live":[\s\S]*"data":"a line"\}\n/)
})

test('eventsource of npm is told what is gone', async () => {
  const served = await serveChannels()
  const follower = followWithEventSource(served)
  await follower.ready
  served.server.closeAllConnections()
  await served.hub.publish('foo', 'lost')
  await served.hub.removeHistory('foo')
  expect(await follower.shown(1)).toEqual(['gap: history-expired'])
})

test.skipIf(!hasChromium)(
  'six streams over HTTP/1.1 are all that a browser opens: the seventh waits until one of them ends',
  async () => {
    const served = await serveChannels()
    const page = await openPage(served)
    const sixAreOpen = 'streams.filter(({ readyState }) => readyState === 1).length === 6'
    await page.evaluate("window.streams = Array.from({ length: 7 }, () => new EventSource('/channel/foo'))")
    await page.waitForFunction(sixAreOpen)
    expect(served.endpoint.stats.sse.open).toBe(6)
    await page.evaluate('streams.find(({ readyState }) => readyState === 1).close()')
    await page.waitForFunction(sixAreOpen)
    expect(await page.evaluate('streams.map(({ readyState }) => readyState).sort().join()')).toBe('1,1,1,1,1,1,2')
  },
)
