import { originForm } from '@wigwag/socket/core'

/** The path of a request-target below `basePath`, without its query: empty for `basePath` itself, nothing outside it. */
export function pathBelow(target: string, basePath: string): string | undefined {
  const [path = ''] = originForm(target).split('?', 1)
  if (path === basePath && basePath !== '') return ''
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined
}

/**
 * Where the page is, for whoever asks for `basePath` without its slash. Relative, so that it also holds behind a proxy
 * that puts a path of its own in front.
 */
export function slashRedirect(target: string, basePath: string): string {
  const queryStart = target.indexOf('?')
  const query = queryStart < 0 ? '' : target.slice(queryStart)
  return `./${basePath.slice(basePath.lastIndexOf('/') + 1)}/${query}`
}
