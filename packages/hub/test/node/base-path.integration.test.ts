import { ChannelEndpoint, channelPath, createHub } from '@wigwag/hub/node'
import { expect, test } from 'vitest'
import { openEvents, openSocket, serveChannels, untilSubscribed } from '../support/served-channels.ts'

const mine = (server: import('node:http').Server): void => {
  server.on('request', (_incoming, response) => response.writeHead(404).end('mine'))
}

test('channels are below basePath, in every way', async () => {
  const { url, hub } = await serveChannels({ basePath: '/api/push' }, mine)
  const events = await openEvents(url('/api/push/channel/a%2Fb'))
  const socket = await openSocket(url('/api/push/channel/a%2Fb?live=1'))
  const alias = await openSocket(url('/api/push/ws?channel=a/b'))
  await events.live()
  await untilSubscribed(hub, 3)
  const target = url(channelPath('a/b', '/api/push'))
  expect((await fetch(target, { method: 'POST', body: 'hello' })).status).toBe(200)
  expect((await events.next()).data).toBe('hello')
  expect([await socket.next(), await alias.next()]).toEqual(['hello', 'hello'])
})

test('everything else is the application’s, what looks alike included', async () => {
  const { url } = await serveChannels({ basePath: '/push' }, mine)
  for (const path of ['/channel/a', '/push', '/push/', '/pushed/channel/a', '/push//channel/a', '/PUSH/channel/a']) {
    expect(await (await fetch(url(path), { method: 'POST', body: 'x' })).text()).toBe('mine')
  }
  await expect(openSocket(url('/channel/a'))).rejects.toMatchObject({ status: 404 })
})

test('two endpoints share a server below different paths', async () => {
  const other = new ChannelEndpoint(createHub(), { basePath: '/other' })
  const { url, hub } = await serveChannels({ basePath: '/one' }, (server) => {
    other.attach(server)
  })
  expect((await fetch(url('/one/channel/a'), { method: 'POST', body: 'x' })).status).toBe(200)
  expect((await fetch(url('/other/channel/a'), { method: 'POST', body: 'x' })).status).toBe(200)
  expect(hub.stats.published).toBe(1)
  await other.close()
})

test.each(['push', '/push/', '/', '/push?a', '/push#a', '/a//b', '/../push', '/a/.', '/a b'])(
  '%j is an ERR_OPTION',
  (basePath) => {
    const make = () => new ChannelEndpoint(createHub(), { basePath })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
    expect(make).toThrow(
      `basePath must start with "/", not end with it, and have no query, as in "/push"; it is ${JSON.stringify(basePath)}`,
    )
  },
)

test('the path of a channel', () => {
  expect(channelPath('a/b')).toBe('/channel/a%2Fb')
  expect(channelPath('a b', '/push')).toBe('/push/channel/a%20b')
})
