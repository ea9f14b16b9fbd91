/** Whether `Accept-Encoding` takes gzip (RFC 9110 §12.5.3): by its name or by `*`, and with a weight that is not 0. */
export function acceptsGzip(header: string | undefined): boolean {
  let weight: string | undefined
  for (const member of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = member.split(';').map((part) => part.trim())
    if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== '*') continue
    const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1'
    // What names it says more than what names all.
    if (coding === '*') weight ??= given
    else weight = given
  }
  return weight !== undefined && Number(weight) > 0
}
