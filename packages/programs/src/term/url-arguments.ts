/** More than anybody types into a URL. */
const MAX_ARGUMENTS = 32
const MAX_ARGUMENT_LENGTH = 4096

/** The arguments that a URL has as `?arg=a&arg=b`. Nothing when they are too many, too long, or none that a program can have. */
export function urlArguments(query: URLSearchParams): readonly string[] | undefined {
  const args = query.getAll('arg')
  const isFine =
    args.length <= MAX_ARGUMENTS && args.every((arg) => arg.length <= MAX_ARGUMENT_LENGTH && !arg.includes('\0'))
  return isFine ? args : undefined
}
