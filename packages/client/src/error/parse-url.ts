import { ClientError } from './client-error.ts'

/** A URL, in a page also a relative one. Throws `ClientError` `ERR_OPTION` for what is none. */
export function parseUrl(url: string | URL): URL {
  try {
    return new URL(url, globalThis.location?.href)
  } catch (cause) {
    throw new ClientError('ERR_OPTION', `This is no URL: ${url}`, { cause })
  }
}
