import type { Node, NodeStatus as Status } from 'node-red'
import type { Caution } from '../src/engine.ts'
import { type ErrorCode, MqueueError } from '../src/errors.ts'

/** The least time between two looks at what a node must show, in ms: at most 4 in any second. */
const INTERVAL = 260

const REASONS: Record<ErrorCode, string> = {
  MQ_UNKNOWN_QUEUE: 'unknown queue',
  MQ_INVALID_KEY: 'invalid key',
  MQ_INVALID_VALUE: 'invalid value',
  MQ_INVALID_DEFINITION: 'invalid definition',
  MQ_UNAVAILABLE: 'unavailable',
  MQ_STORE_LOCKED: 'locked by another process',
  MQ_CLOSED: 'closed',
  MQ_NO_CONFIG: 'no configuration',
  MQ_UNSUPPORTED: 'not supported',
  MQ_FULL: 'full',
  MQ_INVALID_LEASE: 'no lease',
  MQ_LEASE_LOST: 'lease lost',
}
const NO_QUEUE = 'no queue is chosen'
const UNKNOWN = 'error'
const LOADING = 'loading'
const PAUSED = 'paused'
const IN_FLIGHT = 'in flight'
const DROPPED = 'dropped'
const CAUTIONS: Record<Caution, Caution> = {
  'defined elsewhere': 'defined elsewhere',
  'may evict': 'may evict',
}

/**
 * The words of all statuses. Flows may route on them, so the runtime has them in one language.
 * The editor shows them in its own, since Node-RED looks them up in the catalogue of the node.
 */
export const STATUS_TEXTS: readonly string[] = [
  ...Object.values(REASONS),
  NO_QUEUE,
  UNKNOWN,
  LOADING,
  PAUSED,
  IN_FLIGHT,
  DROPPED,
  ...Object.values(CAUTIONS),
]

/** The numbers that a status shows of a queue. */
export interface Figures {
  readonly size: number
  /** The most items there can be; 0 is unlimited. */
  readonly bound: number
  /** How many items it has dropped since it was full. */
  readonly dropped: number
}

/**
 * The status of a number of items, of their bound where there is one, and of what was dropped: `12`, `12 / 100`,
 * `100 / 100, 30 dropped`.
 */
export function sizeStatus({ size, bound, dropped }: Figures): Status {
  const fill = size === 0 ? 'grey' : bound > 0 && size >= bound ? 'yellow' : 'green'
  const text = bound > 0 ? `${size} / ${bound}` : `${size}`
  return { fill, shape: 'dot', text: dropped > 0 ? `${text}, ${dropped} ${DROPPED}` : text }
}

/** The status of a consumer: how many items it has in flight, and how many wait: `3 in flight, 12`. */
export function consumerStatus(inFlight: number, figures: Figures): Status {
  const waiting = sizeStatus(figures)
  if (inFlight === 0) return waiting
  return { ...waiting, fill: 'green', text: `${inFlight} ${IN_FLIGHT}, ${waiting.text}` }
}

/** The status of a consumer of a queue that is paused. */
export function pausedStatus(): Status {
  return { fill: 'yellow', shape: 'ring', text: PAUSED }
}

/** The status of a queue that works, but of which people should know something. */
export function cautionStatus(caution: Caution): Status {
  return { fill: 'yellow', shape: 'ring', text: CAUTIONS[caution] }
}

/** The status of a queue that is being loaded, with the number of items read so far. */
export function loadingStatus(loaded: number): Status {
  return { fill: 'blue', shape: 'ring', text: `${LOADING} ${loaded}` }
}

/** The status of an error: a red ring with the reason in a few words. */
export function errorStatus(error: unknown): Status {
  return {
    fill: 'red',
    shape: 'ring',
    text: error instanceof MqueueError ? wordsOf(error) : UNKNOWN,
  }
}

function wordsOf({ code, queue }: MqueueError): string {
  return code === 'MQ_UNKNOWN_QUEUE' && queue === '' ? NO_QUEUE : REASONS[code]
}

/**
 * Shows a node's status: at most 4 times a second, never the same one twice in a row, and always
 * the last one in the end.
 */
export class StatusLine {
  readonly #node: Node
  readonly #current: () => Status | Promise<Status>
  /** The status shown last. The editor may still have that of an earlier instance of the node. */
  #shown: string | undefined
  #lookedAt = Number.NEGATIVE_INFINITY
  #stale = false
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** @param current returns the status as it is now; it must neither throw nor reject */
  constructor(node: Node, current: () => Status | Promise<Status>) {
    this.#node = node
    this.#current = current
  }

  /** Says that the status may have changed. */
  touch(): void {
    this.#stale = true
    if (this.#timer !== undefined || this.#closed) return
    const wait = Math.max(0, this.#lookedAt + INTERVAL - performance.now())
    this.#timer = setTimeout(() => this.#update(), wait).unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #update(): Promise<void> {
    this.#stale = false
    this.#lookedAt = performance.now()
    const status = await this.#current()
    if (this.#closed) return
    const shown = JSON.stringify(status)
    if (shown !== this.#shown) {
      this.#shown = shown
      this.#node.status(status)
    }
    this.#timer = undefined
    if (this.#stale) this.touch()
  }
}
