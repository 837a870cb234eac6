import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { MqueueError } from '../errors.ts'
import { Call, type CallReply, type Loss, nextGroups } from './call.ts'
import type { Connection } from './connect.ts'
import type { Group } from './groups.ts'
import type { Link } from './link.ts'
import { type Script, theScripts } from './script.ts'
import { Refusal } from './server-connection.ts'
import type { SharedQueue } from './shared-queue.ts'

/** How long who has asked waits for an answer, in ms. */
const PATIENCE = 10_000
/** How long a reply is kept for who asks again, in ms. */
const KEPT = 600_000
/** How much may be asked for and not yet sent. */
const MOST_PENDING = 100_000
const MOST_LENGTH = 64_000_000
/** How often queues are defined for a call that needs them, while others may define them otherwise. */
const MOST_ATTEMPTS = 5
/** How soon a server is asked again that cannot answer now, in ms. */
const AGAIN = 50

/** The server could not do the call now. */
const NOT_NOW = /^(LOADING|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|BUSY|ASK)\b/
/** Another server has the queues now. */
const ELSEWHERE = /^(READONLY|MOVED)\b/

type Answered =
  | CallReply
  | readonly ['define', readonly string[]]
  | readonly ['stale']
  | readonly ['version']

/** Whom a caller serves. */
export interface CallerEvents {
  /** Finds a queue by its name. */
  queue(name: string): SharedQueue
  /** Returns what defines queues that are not defined there, or otherwise than was thought. */
  define(queues: readonly SharedQueue[]): Group[]
  /** Of these queues there is news. */
  changed(queues: readonly SharedQueue[]): void
  /** These items went without a message that caused it. */
  lost(losses: readonly Loss[]): void
}

/**
 * Asks Redis: what comes in one turn of the event loop goes out in one call, and the next when that is answered. Every
 * call has a number, under which the script keeps its reply: one whose reply was lost is sent again, and done once.
 */
export class Caller {
  /** The name of this client, in Redis and before each of its leases. */
  client = newClient()
  readonly #link: Link
  readonly #prefix: string
  readonly #time: (() => number) | undefined
  readonly #events: CallerEvents
  #pending: Group[] = []
  /** About how many operations are pending, and how many characters. */
  #operations = 0
  #length = 0
  #number = 0
  /** Whether calls are under way, or begin behind this turn of the event loop. */
  #work: 'idle' | 'scheduled' | 'running' = 'idle'
  /** Whether what is under way has kept its askers waiting for too long. */
  #isLate = false
  /** The server's time less that of this process, in ms. */
  #offset = 0

  constructor(link: Link, prefix: string, time: (() => number) | undefined, events: CallerEvents) {
    this.#link = link
    this.#prefix = `{${prefix}}:`
    this.#time = time
    this.#events = events
  }

  /** The server's time in ms, as far as it is known. */
  get now(): number {
    return this.#time?.() ?? Date.now() + this.#offset
  }

  /** The group that was asked for last and is not sent yet. */
  get newest(): Group | undefined {
    return this.#pending.at(-1)
  }

  /** Whether something can be asked for, as far as is known. */
  get isReady(): boolean {
    return this.#link.failure === undefined && !this.#isLate
  }

  /**
   * Makes sure that something can be asked for.
   *
   * @throws MqueueError `MQ_UNAVAILABLE` while the server cannot be used, or does not keep up
   */
  assertReady(): void {
    const { failure } = this.#link
    if (failure !== undefined) throw failure
    if (this.#isLate) throw this.#unanswered()
    if (this.#operations < MOST_PENDING && this.#length < MOST_LENGTH) return
    const text = `Redis at ${this.#link.shown} does not keep up with the requests`
    throw new MqueueError('MQ_UNAVAILABLE', `${text}. Send fewer messages, or send them later.`)
  }

  /** Notes that more is asked for than the group that is pending had, in operations and characters. */
  grew(operations: number, length: number): void {
    this.#operations += operations
    this.#length += length
  }

  /** Asks for something behind all that was asked for before. */
  ask(group: Group): void {
    this.#pending.push(group)
    this.#schedule()
  }

  /** Fails all that is not sent yet. */
  failPending(error: MqueueError): void {
    const failed = this.#pending
    this.#pending = []
    this.#shrank(failed)
    failAll(failed, error)
  }

  /** Goes on, when the server can be used again. */
  resume(): void {
    this.#schedule()
  }

  /** Resolves when all that was asked for is answered or has failed. */
  async settled(): Promise<void> {
    while (this.#work === 'running' || this.#pending.length > 0) {
      if (this.#link.failure !== undefined || this.#isLate) return
      await sleep(5)
    }
  }

  #schedule(): void {
    if (this.#work !== 'idle') return
    this.#work = 'scheduled'
    setImmediate(() => {
      this.#run().catch((error) => this.failPending(this.#broken(error)))
    })
  }

  async #run(): Promise<void> {
    this.#work = 'running'
    try {
      while (this.#pending.length > 0 && this.#link.failure === undefined) {
        const groups = nextGroups(this.#pending)
        this.#shrank(groups)
        if (groups.length > 0) await this.#do(groups)
      }
    } finally {
      this.#work = 'idle'
    }
  }

  #shrank(groups: readonly Group[]): void {
    for (const { count, length } of groups) {
      this.#operations -= count
      this.#length -= length
    }
    // Not all of them were counted when they were asked for.
    const isEmpty = this.#pending.length === 0
    this.#operations = isEmpty ? 0 : Math.max(0, this.#operations)
    this.#length = isEmpty ? 0 : Math.max(0, this.#length)
  }

  /** Has some groups done, and whatever must be done for them before. */
  async #do(groups: readonly Group[]): Promise<void> {
    try {
      for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        const answer = await this.#call(groups)
        if (answer?.[0] === 'version') throw new Error('its queues were written by a newer version')
        if (answer?.[0] === 'stale') this.#becomeAnother(groups)
        if (answer?.[0] !== 'define') return
        const missing = answer[1].map((name) => this.#events.queue(name))
        const definitions = this.#events.define(missing)
        if (definitions.length === 0) continue
        if ((await this.#call(definitions, groups))?.[0] !== 'ok') break
      }
      throw new Error('its queues could not be defined')
    } catch (cause) {
      failAll(groups, this.#broken(cause))
    }
  }

  /** Somebody has gone on with this client's numbers: it goes on as another one. */
  #becomeAnother(groups: readonly Group[]): void {
    this.client = newClient()
    failAll(groups, this.#broken('its answer came too late'))
    this.#link.reconnect()
  }

  /**
   * Makes one call, as often as it takes to learn what has become of it.
   *
   * @param behind groups that wait for it
   * @returns undefined where it, or what waits for it, has failed
   */
  async #call(
    groups: readonly Group[],
    behind: readonly Group[] = [],
  ): Promise<Answered | undefined> {
    const call = new Call(++this.#number, groups, (name) => this.#events.queue(name))
    const late = setTimeout(() => this.#giveUp([...groups, ...behind]), PATIENCE).unref()
    const begun = Date.now()
    const { run, runWhenFull } = theScripts()
    let script = call.needsRoom ? run : runWhenFull
    let left = call
    let isSent = false
    try {
      while (Date.now() - begun < KEPT) {
        // A call that was not sent yet fails as soon as it is known that there is no server.
        const connection = await (isSent ? this.#link.again() : this.#link.ready())
        if (connection === undefined) return this.#end(left)
        if (this.#isLate && !isSent) return undefined
        isSent = true
        const answer = await this.#attempt(connection, script, left)
        if (!(answer instanceof Error)) {
          this.#answered(left, answer)
          return this.#isLate ? undefined : answer
        }
        // The same connection will show what has become of a call that was not answered.
        if (!(answer instanceof Refusal) || ELSEWHERE.test(answer.message)) connection.end()
        else if (NOT_NOW.test(answer.message)) await sleep(AGAIN)
        else {
          left = this.#refused(left, answer.message)
          script = runWhenFull
          if (left.groups.length === 0) return undefined
        }
      }
      return this.#end(left)
    } finally {
      clearTimeout(late)
      this.#isLate = false
    }
  }

  /** Sends a call; returns its answer, or why there is none. */
  async #attempt(
    connection: Connection,
    { text, sha }: Script,
    call: Call,
  ): Promise<Answered | Error> {
    const args = call.arguments(this.#prefix, this.client, this.#time?.())
    const send = async (...script: [string, string]): Promise<Answered | Error> => {
      try {
        const answer = await connection.command<Answered>([...script, ...args])
        // The reply to something else: one got lost on the way.
        return Array.isArray(answer) ? answer : new Error('it does not answer in order')
      } catch (cause) {
        return cause as Error
      }
    }
    const answer = await send('EVALSHA', sha)
    const isMissing = answer instanceof Refusal && answer.message.startsWith('NOSCRIPT')
    return isMissing ? send('EVAL', text) : answer
  }

  #answered(call: Call, answer: Answered): void {
    if (answer[0] !== 'ok') return
    const [, now, counts, dropped, replies] = answer
    this.#link.works(call.needsRoom)
    this.#offset = now - Date.now()
    const changed = call.note(counts)
    const { overflowed } = call
    this.#events.lost(call.losses(dropped))
    const next = call.groups.flatMap((group, index) => this.#settle(group, replies[index] as never))
    // All of it goes before what was asked for later; of what goes back to the head, the oldest goes last.
    const back = next.filter(({ goesToHead }) => goesToHead).reverse()
    this.#pending.unshift(...back, ...next.filter(({ goesToHead }) => !goesToHead))
    // A full queue that drops has the size that it had.
    const news = new Set([...changed, ...call.overflowing(overflowed)])
    if (news.size > 0) this.#events.changed([...news])
  }

  /** Answers a group; returns what must be asked for because of it. */
  #settle(group: Group, reply: readonly (string | number)[]): Group[] {
    try {
      if (Array.isArray(reply) && reply[0] === '!') throw new Error(String(reply[1]))
      return this.#isLate ? group.undo(reply) : group.answer(reply)
    } catch (cause) {
      // Whatever is wrong with one, the others have their answers.
      group.fail(this.#broken(cause))
      return []
    }
  }

  /** The server has refused a call, and done nothing of it. Returns what can be asked for all the same. */
  #refused(call: Call, reason: string): Call {
    const isFull = reason.startsWith('OOM') && call.needsRoom
    const error = this.#link.refuses(reason)
    const groups = isFull ? call.groups.filter(({ needsRoom }) => !needsRoom) : []
    failAll(
      call.groups.filter((group) => !groups.includes(group)),
      error,
    )
    return new Call(call.number, groups, (name) => this.#events.queue(name))
  }

  /** Fails those whose call is not answered. It goes on, to learn what has become of it. */
  #giveUp(groups: readonly Group[]): void {
    this.#isLate = true
    const error = this.#unanswered()
    failAll(groups, error)
    this.failPending(error)
  }

  #end({ groups }: Call): undefined {
    failAll(groups, this.#link.failure ?? this.#unanswered())
    return undefined
  }

  #unanswered(): MqueueError {
    const { code, message } = this.#link.failure ?? this.#broken('it does not answer')
    return new MqueueError(code, `${message} The operation may have been done.`)
  }

  #broken(cause: unknown): MqueueError {
    return this.#link.explain(typeof cause === 'string' ? new Error(cause) : cause)
  }
}

function failAll(groups: readonly Group[], error: MqueueError): void {
  for (const group of groups) group.fail(error)
}

function newClient(): string {
  return randomBytes(4).toString('hex')
}
