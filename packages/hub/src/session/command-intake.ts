import type { Command } from '@wigwag/protocol'
import type { RefusalAnswer } from '../namespace/refuse.ts'
import { CommandReply } from './command-reply.ts'
import { runCommand } from './commands/command-table.ts'
import { TOO_MANY } from './refusal-answers.ts'
import type { Session } from './session.ts'
import type { SessionContext } from './session-context.ts'

/** A session's commands: those that have no answer yet, and those that wait until it is known who the client is. */
export class CommandIntake {
  readonly #session: Session
  readonly #context: SessionContext
  #deferred: Command[] = []
  #unanswered = 0

  constructor(session: Session, context: SessionContext) {
    this.#session = session
    this.#context = context
  }

  /** Carries a command out, unless too many have no answer. */
  run(command: Command): void {
    const reply = this.#replyTo(command)
    if (this.#unanswered > this.#context.options.maxUnansweredCommands) reply.refuse(TOO_MANY)
    else runCommand(this.#session, this.#context, command, reply)
  }

  /** Answers a command without carrying it out. Returns false where there is no answer to it. */
  refuse(command: Command, answer: RefusalAnswer): boolean {
    this.#replyTo(command).refuse(answer)
    return command.id !== 0
  }

  /** Keeps a command for later. */
  defer(command: Command): void {
    if (this.#deferred.length < this.#context.options.maxUnansweredCommands) this.#deferred.push(command)
    else this.#replyTo(command).refuse(TOO_MANY)
  }

  /** Carries out what was kept. */
  runDeferred(): void {
    for (const command of this.#deferred.splice(0)) if (this.#session.phase === 'open') this.run(command)
  }

  /** Answers what was kept. */
  refuseDeferred(answer: RefusalAnswer): void {
    for (const command of this.#deferred.splice(0)) this.#replyTo(command).refuse(answer)
  }

  /** Whether each has its answer. */
  get areAnswered(): boolean {
    return this.#unanswered === 0
  }

  /** A command has its answer. */
  answered(): void {
    this.#unanswered--
    if (this.#unanswered === 0) this.#session.settled()
  }

  #replyTo({ method, id }: Command): CommandReply<Command['method']> {
    this.#unanswered++
    return new CommandReply(this.#session, method, id)
  }
}
