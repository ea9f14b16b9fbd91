/** Path and query of a request-target; of an absolute-form one (RFC 9112 §3.2.2) what follows the authority. */
export function originForm(target: string): string {
  if (!/^https?:\/\//i.test(target)) return target
  const pathStart = target.indexOf('/', target.indexOf('//') + 2)
  return pathStart < 0 ? '/' : target.slice(pathStart)
}
