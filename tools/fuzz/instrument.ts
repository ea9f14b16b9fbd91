import { parseAst } from 'vitest/node'

/** Where control may pass: the start of a branch, and the function that it lies in. */
export interface Block {
  readonly file: string
  readonly name: string
}

/** What the fuzzer wants of the code under test. */
export interface Instrumented {
  readonly code: string
  readonly blocks: readonly Block[]
  /** Texts and numbers that the code compares with, perhaps. */
  readonly literals: readonly (string | number)[]
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

const COUNTERS = '__blockCounters'
/** The global under which the counters of all blocks are found. */
export const COUNTERS_GLOBAL: string = '__wigwagBlockCounters'

/**
 * Puts a counter at the start of every branch of a TypeScript source: functions, both sides of conditions, loops, cases.
 * Blocks are numbered from `firstBlock`.
 */
export function instrument(source: string, file: string, firstBlock: number): Instrumented {
  const blocks: Block[] = []
  const literals: (string | number)[] = []
  // Behind the same character, what was opened last is closed first; what closes comes before what opens.
  const opened: [place: number, text: string][] = []
  const closed: [place: number, text: string][] = []
  const names: string[] = []

  const count = (): string => {
    blocks.push({ file, name: names.at(-1) ?? 'top' })
    return `${COUNTERS}[${firstBlock + blocks.length - 1}]++`
  }
  const enter = (node: unknown): void => {
    if (!isNode(node)) return
    if (node.type === 'BlockStatement') opened.push([node.start + 1, `${count()};`])
    else if (node.type.endsWith('Statement')) wrap(node, `{${count()};`, '}')
    else wrap(node, `(${count()},`, ')')
  }
  const wrap = (node: Node, before: string, after: string): void => {
    opened.push([node.start, before])
    closed.unshift([node.end, after])
  }
  const mark = (node: Node): void => {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
      case 'ForStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'CatchClause':
        enter(node['body'])
        break
      case 'IfStatement':
        if (!isNode(node['alternate'])) closed.unshift([node.end, ` else {${count()}}`])
        enter(node['consequent'])
        enter(node['alternate'])
        break
      case 'ConditionalExpression':
        enter(node['consequent'])
        enter(node['alternate'])
        break
      case 'LogicalExpression':
        enter(node['right'])
        break
      case 'SwitchCase': {
        const [first] = node['consequent'] as Node[]
        if (first !== undefined) opened.push([first.start, `${count()};`])
        break
      }
      case 'Literal':
        if (typeof node['value'] === 'string' || typeof node['value'] === 'number') literals.push(node['value'])
    }
  }
  const visit = (node: Node): void => {
    if (node.type.startsWith('TS') && !('expression' in node)) return
    if (node.type === 'ImportDeclaration') return
    const name = nameOf(node)
    if (name !== undefined) names.push(name)
    mark(node)
    for (const value of Object.values(node)) {
      if (Array.isArray(value)) value.filter(isNode).forEach(visit)
      else if (isNode(value)) visit(value)
    }
    if (name !== undefined) names.pop()
  }
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node)
  const places = [...closed.map((each) => [0, ...each] as const), ...opened.map((each) => [1, ...each] as const)]
  places.sort(([orderA, a], [orderB, b]) => a - b || orderA - orderB)
  let code = `const ${COUNTERS} = globalThis.${COUNTERS_GLOBAL};`
  let done = 0
  for (const [, place, text] of places) {
    code += source.slice(done, place) + text
    done = place
  }
  return { code: code + source.slice(done), blocks, literals }
}

/** How whoever reads the report knows a function. */
function nameOf(node: Node): string | undefined {
  const named = ['FunctionDeclaration', 'VariableDeclarator'].includes(node.type)
    ? node['id']
    : node.type === 'MethodDefinition'
      ? node['key']
      : undefined
  return isNode(named) && typeof named['name'] === 'string' ? named['name'] : undefined
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}
