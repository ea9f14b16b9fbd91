/**
 * Text in pieces, cut into whole lines: what comes in one piece is handed on in one. The function that it returns takes a piece, and
 * returns the lines that it ends, without the end of the last; undefined: a line is longer than `maxLength`, in UTF-16 code units.
 */
export function lineSplitter(maxLength: number): (piece: string) => string | undefined {
  let begun: string[] = []
  let length = 0
  return (piece) => {
    const end = piece.lastIndexOf('\n')
    const rest = piece.slice(end + 1)
    let lines = ''
    if (end !== -1) {
      lines = begun.join('') + piece.slice(0, end)
      begun = []
      length = 0
    }
    if (rest !== '') begun.push(rest)
    length += rest.length
    return length > maxLength ? undefined : lines
  }
}
