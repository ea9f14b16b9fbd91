/** V8 copies parts that are shorter; a longer one keeps the whole text that it was cut from in memory. */
const SHORTEST_CUT = 13

/**
 * A text of one byte per character that stands alone. For what outlives a request: cut from its head, a user's name or an
 * address would keep all of that head in memory as long as the connection lasts.
 */
export function ownText(text: string): string {
  return text.length < SHORTEST_CUT ? text : Buffer.from(text, 'latin1').toString('latin1')
}
