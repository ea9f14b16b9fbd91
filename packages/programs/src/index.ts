export { Credentials } from './access/credentials.ts'
export { type CgiRequest, type CgiScript, cgiEnvironment } from './exec/cgi-environment.ts'
export { ExecEndpoint } from './exec/exec-endpoint.ts'
export type { ExecEvent } from './exec/exec-event.ts'
export type { AccessRequest, ExecOptions } from './exec/exec-options.ts'
export { exitClose } from './exec/exit-close.ts'
export { ExecHttp, type ExecHttpOptions, type PageInfo } from './http/exec-http.ts'
export { PageFiles } from './http/page-files.ts'
export {
  climb,
  type KillLadderOptions,
  type ResolvedKillLadder,
  type Rung,
  resolveKillLadder,
  rungsOf,
} from './process/kill-ladder.ts'
export { DEFAULT_PASSED_NAMES, passedEnvironment } from './process/passed-environment.ts'
export { type GroupScope, ProcessGroup } from './process/process-group.ts'
export { ProcessTable, type TableEntry } from './process/process-table.ts'
export { type ProgramEnd, type ProgramSpec, RunningProgram, startProgram } from './process/running-program.ts'
export { ProgramsError, type ProgramsErrorCode } from './programs-error.ts'
export type { RestartPolicy } from './shared/restart-policy.ts'
export { SharedEndpoint } from './shared/shared-endpoint.ts'
export type { SharedOptions } from './shared/shared-options.ts'
