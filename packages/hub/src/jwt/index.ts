export { JwtAuthenticator, jwt } from './jwt.ts'
export type { JwtOptions, PublicKey, SignatureAlgorithm } from './jwt-options.ts'
export type { JwtPorts } from './token-verifier.ts'
