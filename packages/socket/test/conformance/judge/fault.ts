/** What a subject did wrong in an exchange: the verdict's text. */
export class Fault extends Error {
  override readonly name = 'Fault'
}
