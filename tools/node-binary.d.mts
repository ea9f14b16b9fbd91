/** Versions of Node beside the one that runs this. */
export declare const OTHER_NODES: readonly string[]
/** The binary of a version of Node for this machine. Throws an Error that says why there is none. */
export declare function nodeBinary(version: string): string
/** An environment in which `node` is that binary. */
export declare function nodeEnvironment(binary: string, env?: Readonly<Record<string, string>>): NodeJS.ProcessEnv
