import type { Engine } from '../src/engine.ts'
import { quote } from '../src/errors.ts'

/** The time between two looks at all queues, in ms. */
const INTERVAL = 1_000
/** The least time between two warnings about one queue, in ms. */
const QUIET = 60_000

const ADVICE = 'Take its items faster, raise its size, or set "When full" to refuse'

/** A config node, as far as it matters here. */
interface Holder {
  readonly inUse: { readonly engine: Engine }
  warn(text: string): void
}

/** What is known of a queue. */
interface Warned {
  /** How many of the dropped items need no warning any more. */
  count: number
  /** When there was the last warning, in ms. */
  at: number
}

/** Warns in the log, at most once a minute for each queue, of the items that full queues drop. */
export class OverflowLog {
  readonly #warned = new WeakMap<Engine, Map<string, Warned>>()
  #timer: NodeJS.Timeout | undefined

  /** Looks at the queues of these nodes from now on. */
  begin(holders: () => Iterable<Holder>): void {
    const look = () => {
      for (const holder of holders()) this.look(holder, performance.now())
    }
    this.#timer ??= setInterval(look, INTERVAL).unref()
  }

  /**
   * Warns of what the queues of a node have dropped.
   *
   * @param now the time, in ms
   * @param isDue whether the last warning does not matter
   */
  look(holder: Holder, now: number, isDue = false): void {
    this.#visit(holder, (queue, count, warned) => {
      // A queue that was deleted and made again begins again.
      if (count < warned.count) warned.count = 0
      if (count === warned.count || (!isDue && now - warned.at < QUIET)) return
      const text = `full, and its oldest items were dropped: ${count - warned.count} in the last minute`
      holder.warn(`Queue ${quote(queue)}: ${text}. ${ADVICE}.`)
      warned.count = count
      warned.at = now
    })
  }

  /** Leaves out what the queues have dropped so far, since that was said otherwise. */
  skip(holder: Holder): void {
    this.#visit(holder, (_queue, count, warned) => {
      warned.count = count
    })
  }

  /** Leaves out items that a node has sent on, so that the flow knows of them. */
  leaveOut(engine: Engine, queue: string, items: number): void {
    this.#warnedOf(engine, queue).count += items
  }

  #visit(
    { inUse: { engine } }: Holder,
    visit: (queue: string, count: number, warned: Warned) => void,
  ): void {
    if (engine.overflowed === undefined) return
    for (const queue of engine.names()) {
      const count = engine.overflowed(queue)
      if (count === 0 && !this.#warned.get(engine)?.has(queue)) continue
      visit(queue, count, this.#warnedOf(engine, queue))
    }
  }

  #warnedOf(engine: Engine, queue: string): Warned {
    const known = this.#warned.get(engine)?.get(queue)
    if (known !== undefined) return known
    const queues = this.#warned.get(engine) ?? new Map<string, Warned>()
    const warned = { count: 0, at: Number.NEGATIVE_INFINITY }
    this.#warned.set(engine, queues.set(queue, warned))
    return warned
  }
}

/** The log of all config nodes. */
export const overflowLog = new OverflowLog()
