import { decodeCommands, ErrorCode, encodePacket } from '@wigwag/protocol'
import { must } from '../../../../tools/fuzz/fuzz-target.ts'

/** What a client says to a hub: lines of JSON. */
export function fuzz(input: Uint8Array): void {
  const text = Buffer.from(input.buffer, input.byteOffset, input.length).toString()
  const decoded = decodeCommands(text, { maxBatch: 8, maxDepth: 16 })
  if (!decoded.ok) {
    must(decoded.fault.length < 200, 'the fault is as long as what it is about')
    return
  }
  must(decoded.packets.length > 0 && decoded.packets.length <= 8, `${decoded.packets.length} packets were let through`)
  for (const packet of decoded.packets) {
    if (packet.kind === 'pong') continue
    if (packet.kind === 'refused') {
      must(packet.id > 0, 'nobody can be answered')
      must(packet.code === ErrorCode.badRequest || packet.code === ErrorCode.methodNotFound, `code ${packet.code}`)
      continue
    }
    const { method, id, request } = packet.command
    must(id > 0 || method === 'send', `${method} cannot be answered`)
    // What was let through is read again as it is: nothing of it depends on what was ignored.
    const again = decodeCommands(encodePacket({ id, [method]: request } as never), { maxDepth: 16 })
    const [same] = again.ok ? again.packets : []
    must(
      same?.kind === 'command' && JSON.stringify(same.command) === JSON.stringify(packet.command),
      () => `${method} is read otherwise the second time`,
    )
  }
}

export const seeds: Record<string, string> = {
  'a pong': '{}',
  connect: '{"id":1,"connect":{"token":"t","data":{"a":1},"subs":{"news":{"recover":true,"epoch":"e","offset":7}}}}',
  subscribe: '{"id":2,"subscribe":{"channel":"news","recover":true,"epoch":"e","offset":3,"join_leave":true}}',
  publish: '{"id":3,"publish":{"channel":"news","data":null}}',
  history: '{"id":4,"history":{"channel":"news","limit":-1,"since":{"offset":1,"epoch":"e"},"reverse":true}}',
  'a batch': '{"id":5,"ping":{}}\n{"send":{"data":[]}}\n\n{"id":6,"rpc":{"method":"sum","data":[1,2]}}',
  'a method that nobody knows': '{"id":7,"dance":{}}',
  'a name of the prototype': '{"id":8,"connect":{"subs":{"__proto__":{"recover":true}}}}',
  'nested deeply': `{"send":{"data":${'['.repeat(20)}${']'.repeat(20)}}}`,
}

export const dictionary: readonly string[] = [
  '"id":1',
  '"unsubscribe":{"channel":"a"}',
  '"presence":{',
  '"presence_stats":{',
  '"refresh":{"token":"t"}',
  '"sub_refresh":{',
  '"headers":{"a":"b"}',
  'null',
  '\n',
]
