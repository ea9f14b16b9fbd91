import { expect, test } from 'vitest'
import { serverAddress } from '../../src/server-address.ts'
import {
  addressWithChannel,
  channelInAddress,
  channelUrl,
  checkChannel,
  shellCommands,
} from '../../src/try/channel-address.ts'

const PAGE = 'http://localhost:8000/?channel=old#top'

test('a channel is one path segment next to the page', () => {
  expect(channelUrl(PAGE, 'foo').href).toBe('http://localhost:8000/channel/foo')
  expect(channelUrl(PAGE, 'a/b ü?#').href).toBe('http://localhost:8000/channel/a%2Fb%20%C3%BC%3F%23')
  expect(channelUrl('https://example.com/try/', 'foo').href).toBe('https://example.com/try/channel/foo')
})

test('names that no URL can carry are refused; the rest is for the server to say', () => {
  for (const name of ['', '.', '..', '\ud800']) expect(checkChannel(name)).toEqual(expect.any(String))
  for (const name of ['foo', '...', 'a b', 'ü', '😀', '__x']) expect(checkChannel(name)).toBeUndefined()
})

test('the server is where the page is, without the page itself', () => {
  expect(serverAddress(PAGE)).toBe('localhost:8000')
  expect(serverAddress('https://example.com/try/push/?channel=a')).toBe('example.com/try/push')
})

test('the address of the page carries the channel', () => {
  expect(channelInAddress(PAGE)).toBe('old')
  expect(channelInAddress('http://localhost:8000/')).toBeUndefined()
  expect(channelInAddress(addressWithChannel(PAGE, 'a&b'))).toBe('a&b')
})

test('shell commands reach the same channel', () => {
  expect(shellCommands(PAGE, 'foo').map(({ command }) => command)).toEqual([
    'curl -d hello http://localhost:8000/channel/foo',
    "curl -N -H 'Accept: text/event-stream' http://localhost:8000/channel/foo",
    'wigwag connect ws://localhost:8000/channel/foo',
  ])
})

test('nothing in a name or a host means something to a shell', () => {
  const [publish] = shellCommands(PAGE, "$(x)'; rm *!`&")
  expect(publish?.command).toMatch(/^curl -d hello http:[\w:/.%-]+$/)
  expect(shellCommands('http://[::1]:8000/', 'foo')[0]?.command).toBe("curl -d hello 'http://[::1]:8000/channel/foo'")
})
