import type { Caution, Engine, QueueStats } from './engine.ts'
import { type ErrorCode, MqueueError, reasonOf } from './errors.ts'
import { leasing } from './leasing.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { within } from './within.ts'

/** For how long one overview serves all who ask, in ms: a little less than the second between two requests of an editor. */
const LIFETIME = 900
/** How long an overview waits for what a queue answers, in ms. */
const LONGEST_WAIT = 500

/** What can be done with the queues of an engine that has leases. */
const CAN = ['peek', 'remove', 'clear', 'pause', 'send-back'] as const

/** An engine, with what people know it by. */
export interface Source {
  /** The id of the config node. */
  readonly id: string
  readonly name: string
  /** The kind of engine. */
  readonly kind: string
  /** The kind of database that some of its queues are kept in. */
  readonly database?: string | undefined
  /** What is wrong with its definitions. */
  readonly errors: readonly string[]
  readonly engine: Engine
}

/** A queue as it is seen. What is not known is missing. */
export interface QueueView extends Partial<Omit<QueueStats, 'size'>> {
  readonly name: string
  /** The most items; 0 is unlimited. */
  readonly bound: number
  /** Names the row of its definition, where that has an id. */
  readonly row?: string
  /** How many of its items are stored nowhere else, so that they go with it. */
  readonly unstored?: number
  /** The items waiting; null while the queue cannot be used. */
  readonly size: number | null
  /** Whether another queue of its config node names it as the one for what is given up. */
  readonly isDeadLetters: boolean
  readonly caution?: Caution
  /** Why the queue cannot be used. */
  readonly problem?: { readonly code: ErrorCode; readonly message: string }
  /** How many items have been read, while it is being loaded. */
  readonly loaded?: number
  /** It has not answered in time; what is shown is what was seen last. */
  readonly late?: true
}

/** The queues of a config node as they are seen. */
export interface NodeView extends Omit<Source, 'kind' | 'engine'> {
  readonly engine: string
  /** What can be done with its queues. */
  readonly can: readonly (typeof CAN)[number][]
  /** In the order of the definitions. */
  readonly queues: readonly QueueView[]
}

/** All queues as they are seen at a time, in ms since 1970. */
export interface Overview {
  readonly time: number
  readonly nodes: readonly NodeView[]
}

/** An overview, with its JSON, which is written once for all who ask for it. */
export class Sample {
  readonly overview: Overview
  #json: string | undefined

  constructor(overview: Overview) {
    this.overview = overview
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.overview)
    return this.#json
  }
}

/** Part of a queue's view: what it answered, or what is known of it without asking. */
type Answer = Partial<QueueView> & Pick<QueueView, 'size'>

/**
 * Looks at all queues, at most about once a second however many ask. It never waits for a database or a server that
 * does not answer. Of a queue that takes long it shows what is known of it, and it does not ask it again before it
 * has answered.
 */
export class Overviews {
  readonly #sources: () => Iterable<Source>
  readonly #now: () => number
  #last: { readonly from: number; readonly sample: Promise<Sample> } | undefined
  /** What was asked and is not answered yet, by engine and queue. */
  readonly #asked = new WeakMap<Engine, Map<string, Promise<Answer>>>()

  /**
   * @param sources returns the engines that there are now, in the order in which they are shown
   * @param now returns the time in ms by which an overview grows old
   */
  constructor(sources: () => Iterable<Source>, now = () => performance.now()) {
    this.#sources = sources
    this.#now = now
  }

  /** The queues as they are now, or were less than a second ago. */
  latest(): Promise<Sample> {
    const now = this.#now()
    if (this.#last === undefined || now - this.#last.from >= LIFETIME) {
      this.#last = { from: now, sample: this.#look() }
    }
    return this.#last.sample
  }

  /** Makes the next answer show the queues as they are then, since one of them was just changed. */
  refresh(): void {
    this.#last = undefined
  }

  async #look(): Promise<Sample> {
    const time = Date.now()
    const nodes = await Promise.all([...this.#sources()].map((source) => this.#node(source)))
    return new Sample({ time, nodes })
  }

  async #node({ id, name, kind, database, errors, engine }: Source): Promise<NodeView> {
    const names = engine.names()
    const givers = names.map((queue) => ifThere(() => engine.definition(queue).deadLetter))
    const deadLetters = new Set(givers)
    const queues = names.map((queue) => this.#queue(engine, queue, deadLetters.has(queue)))
    return {
      id,
      name,
      engine: kind,
      ...(database !== undefined && { database }),
      errors,
      can: engine.supports.leases ? CAN : [],
      queues: await Promise.all(queues),
    }
  }

  async #queue(engine: Engine, name: string, isDeadLetters: boolean): Promise<QueueView> {
    const answer = this.#answer(engine, name)
    const late = () =>
      ifUsable(engine, name, (size) => ({ ...known(engine, name, size), late: true }))
    const seen = answer instanceof Promise ? await within(answer, LONGEST_WAIT, late) : answer
    // The definition may be another one by now, or none.
    const bound = ifThere(() => engine.definition(name).size) ?? 0
    const caution = seen.problem === undefined ? engine.caution?.(name) : undefined
    const row = ifThere(() => engine.definition(name).id)
    const unstored = engine.unstored(name)
    return {
      name,
      bound,
      ...(row !== undefined && { row }),
      ...(unstored > 0 && { unstored }),
      ...seen,
      isDeadLetters,
      ...(caution && { caution }),
    }
  }

  /** What a queue answers. One that fails, or is being loaded, is not asked. */
  #answer(engine: Engine, name: string): MaybePromise<Answer> {
    return ifUsable(engine, name, (size) => {
      const loaded = engine.loaded(name)
      if (loaded !== undefined) return { ...known(engine, name, size), loaded }
      const asked = this.#askedOf(engine)
      const open = asked.get(name)
      if (open !== undefined) return open
      const answer = engine.stats(name)
      if (!(answer instanceof Promise)) return answer
      const caught = answer.catch(problem).finally(() => asked.delete(name))
      asked.set(name, caught)
      return caught
    })
  }

  #askedOf(engine: Engine): Map<string, Promise<Answer>> {
    let asked = this.#asked.get(engine)
    if (asked === undefined) {
      asked = new Map()
      this.#asked.set(engine, asked)
    }
    return asked
  }
}

/** What is known of a queue without asking it. */
function known(engine: Engine, name: string, size: number): Answer {
  if (!engine.supports.leases) return { size }
  const leases = leasing(engine)
  return { size, leased: leases.leased(name), paused: leases.isPaused(name) }
}

/**
 * What a queue shows that can be used now.
 *
 * @param show is called with the size that was seen last
 */
function ifUsable<A extends MaybePromise<Answer>>(
  engine: Engine,
  name: string,
  show: (size: number) => A,
): A | Answer {
  try {
    return show(engine.known(name))
  } catch (error) {
    return problem(error)
  }
}

function problem(error: unknown): Answer {
  const code = error instanceof MqueueError ? error.code : 'MQ_UNAVAILABLE'
  return { size: null, problem: { code, message: reasonOf(error) } }
}

/** What a queue says that may be gone by now. */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
