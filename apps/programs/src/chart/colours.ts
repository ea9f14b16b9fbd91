/** How light lines are, for each scheme: dark enough on paper, light enough in the dark. */
const LIGHTNESS = { light: 42, dark: 68 } as const
/** Hues that are far from each other, those that most people tell apart first. */
const HUES = [168, 22, 262, 330, 205, 80, 292, 48, 140, 5, 235, 110]

/** The colour of the column at a place. */
export function colourOf(place: number, scheme: 'light' | 'dark'): string {
  const hue = HUES[place % HUES.length] ?? 0
  const round = Math.floor(place / HUES.length) % 3
  return `hsl(${hue + round * 9} ${round === 1 ? 35 : 62}% ${LIGHTNESS[scheme] + (round === 2 ? 12 : 0)}%)`
}

/** The scheme that the reader has chosen. */
export function currentScheme(): 'light' | 'dark' {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}
