/** When nothing is due, in milliseconds. */
export const NEVER: number = Number.POSITIVE_INFINITY
