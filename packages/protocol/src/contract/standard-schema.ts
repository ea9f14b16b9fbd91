/**
 * A schema of any library that follows the Standard Schema specification, version 1 (standardschema.dev): Zod, Valibot,
 * ArkType and others. The types are those of the specification, which asks to be copied.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    /** The library. */
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    /** What goes in and what comes out: for the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What a schema makes of a value: another one, or issues. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** What is wrong with a value, and where. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema takes. */
export type SchemaInput<S> = S extends StandardSchema<infer Input, unknown> ? Input : never

/** What it makes of that. */
export type SchemaOutput<S> = S extends StandardSchema<unknown, infer Output> ? Output : never
