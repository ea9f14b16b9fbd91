/** What is done when somebody answers whom the present attempt of a machine has asked: nothing, once another has begun. */
export function during<Args extends readonly unknown[]>(
  machine: { readonly attempt: number },
  run: (...args: Args) => void,
): (...args: Args) => void {
  const { attempt } = machine
  return (...args) => {
    if (attempt === machine.attempt) run(...args)
  }
}
