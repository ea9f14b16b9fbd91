import { test } from 'vitest'
import { ALL_CASES } from './cases/all-cases.ts'
import { concerns, judgeCase } from './judge/judge-case.ts'
import { WigwagOnNode } from './subjects/wigwag-on-node.ts'

test('prof', async () => {
  for (const tls of [false, true])
    for (const role of ['server', 'client'] as const) {
      const s = new WigwagOnNode('x', { tls, io: 'native' })
      const by = new Map<string, [number, number]>()
      for (const c of ALL_CASES.filter((c) => concerns(c, role, s))) {
        const t = performance.now()
        await judgeCase(c, role, s)
        const e = by.get(c.section) ?? [0, 0]
        by.set(c.section, [e[0] + performance.now() - t, e[1] + c.exchanges.length])
      }
      console.log(tls, role, [...by].map(([k, [ms, n]]) => `${k} ${ms | 0}ms/${n}`).join('; '))
      await s.close()
    }
}, 100000)
