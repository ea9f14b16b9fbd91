import { BlockList, isIP, isIPv4 } from 'node:net'
import { UsageError } from '../core/index.ts'
import { parseAddress, UNIX_PEER } from './ip-address.ts'
import { isLoopbackAddress } from './loopback.ts'

/** A set of IP addresses: single ones (`10.0.0.5`), subnets (`10.0.0.0/8`), and `loopback` for the machine itself. */
export class AddressSet {
  readonly #listed = new BlockList()
  readonly #hasLoopback: boolean
  readonly #hasListed: boolean

  /** Throws `UsageError` `ERR_OPTION` that names `option` for an entry that is none of these. */
  constructor(option: string, entries: readonly string[]) {
    this.#hasLoopback = entries.includes('loopback')
    this.#hasListed = entries.some((entry) => entry !== 'loopback')
    for (const entry of entries) {
      if (entry === 'loopback' || this.#add(entry)) continue
      throw new UsageError(
        'ERR_OPTION',
        `Option ${option} has ${JSON.stringify(entry)}; it takes addresses (10.0.0.5), subnets (10.0.0.0/8) and "loopback".`,
      )
    }
  }

  /** Whether it has `address`, spelled as `parseAddress` has it. A peer on a Unix socket belongs to `loopback`. */
  has(address: string): boolean {
    if (this.#hasLoopback && (address === UNIX_PEER || isLoopbackAddress(address))) return true
    return this.#hasListed && isIP(address) !== 0 && this.#listed.check(address, familyOf(address))
  }

  #add(entry: string): boolean {
    const [text = '', prefixText, ...rest] = entry.split('/')
    const address = parseAddress(text)
    if (address === undefined || rest.length > 0) return false
    if (prefixText === undefined) {
      this.#listed.addAddress(address, familyOf(address))
      return true
    }
    // A subnet of mapped IPv4 addresses counts its prefix from the start of IPv6.
    const isMapped = isIPv4(address) && !isIPv4(text)
    const prefix = Number(prefixText) - (isMapped ? 96 : 0)
    if (!/^\d+$/.test(prefixText) || prefix < 0 || prefix > (isIPv4(address) ? 32 : 128)) return false
    this.#listed.addSubnet(address, prefix, familyOf(address))
    return true
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6'
}
