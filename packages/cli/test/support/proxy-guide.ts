import { readFileSync } from 'node:fs'
import { type CertificateFiles, certificate } from './certificate.ts'

const GUIDE = readFileSync(new URL('../../../../docs/proxies.md', import.meta.url), 'utf8')

/** What the guide's places stand for in a test. */
export interface GuidePlaces {
  /** Where the proxy listens. */
  readonly port: number
  /** Where Wigwag listens. */
  readonly upstream: number
  readonly certificate: CertificateFiles
}

/** A block of the guide, as it stands there. */
export function guideBlock(name: string): string {
  const [, block] = new RegExp(`<!-- proxies: ${name} -->\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(GUIDE) ?? []
  if (block === undefined) throw new Error(`docs/proxies.md has no block named ${name}.`)
  return block
}

/** A configuration of the guide with a test's ports and files in the places of its own. */
export function fillIn(config: string, { port, upstream, certificate }: GuidePlaces): string {
  return config
    .replaceAll(/\/\S+\/push\.example\.com\.pem/g, config.includes('bind ') ? certificate.both : certificate.cert)
    .replaceAll('/etc/ssl/push.example.com.key', certificate.key)
    .replaceAll('/etc/ssl/wigwag-ca.pem', certificate.cert)
    .replaceAll('listen 443', `listen 127.0.0.1:${port}`)
    .replaceAll('bind :443', `bind 127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8000', `127.0.0.1:${upstream}`)
    .replaceAll('push.example.com', 'localhost')
}

/** The arguments that the guide gives to `wigwag serve`. */
export function guideArguments(name: string): string[] {
  const { cert, key } = certificate()
  const [line = ''] = guideBlock(name).split('\n')
  const args = line.replace(/^wigwag serve /, '').split(' ')
  const places: Record<string, string> = {
    'push.example.com': 'localhost',
    '/etc/ssl/wigwag.pem': cert,
    '/etc/ssl/wigwag.key': key,
  }
  return args.map((arg) => places[arg] ?? arg)
}

/** The recommended nginx with something else in a place of its own. Throws when the place is not there. */
export function changeBlock(block: string, place: string, instead: string): string {
  if (!block.includes(place)) throw new Error(`The guide's block has no ${JSON.stringify(place)} any more.`)
  return block.replace(place, instead)
}
