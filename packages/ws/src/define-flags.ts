/** An object whose flags are bits of one number. */
export interface Flagged {
  _flags: number
}

/**
 * Gives a class a boolean property for each of `names`, which is a bit of `_flags`: as fields they would be eight bytes each
 * in every socket.
 */
export function defineFlags(Class: abstract new (...parameters: never[]) => Flagged, names: readonly string[]): void {
  for (const [place, name] of names.entries()) {
    const bit = 1 << place
    Object.defineProperty(Class.prototype, name, {
      configurable: true,
      get(this: Flagged): boolean {
        return (this._flags & bit) !== 0
      },
      set(this: Flagged, isOn: unknown) {
        this._flags = isOn ? this._flags | bit : this._flags & ~bit
      },
    })
  }
}
