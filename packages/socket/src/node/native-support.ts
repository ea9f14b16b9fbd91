/** Majors of Node in which the test suite has passed with what it does not document. */
const TESTED_MAJORS = [20, 22, 24]

/**
 * Whether what Node does not document may be used at all: in a version where it was tested, and unless `WIGWAG_IO=public`
 * is in the environment when this is loaded.
 */
export const IS_NATIVE_ALLOWED: boolean = isTested() && !isSwitchedOff()

function isTested(): boolean {
  const [major] = process.versions.node.split('.')
  return TESTED_MAJORS.includes(Number(major)) && process.versions['bun'] === undefined
}

/** Who runs a program can do without what its author did not ask about; a mistaken value must not go unnoticed. */
function isSwitchedOff(): boolean {
  const { WIGWAG_IO: io = '' } = process.env
  if (!['', 'native', 'public'].includes(io)) {
    process.emitWarning(`WIGWAG_IO takes 'native' or 'public', not '${io}'. It is taken for 'native'.`, {
      code: 'WIGWAG_IO',
    })
  }
  return io === 'public'
}
