/** What the runtime answers to the sidebar. */

/** A queue as it stands. While it cannot be used, and where its engine has no leases, its counters are missing. */
export interface QueueAnswer {
  name: string
  /** The most items it holds; 0 is unlimited. */
  bound: number
  /** Names the row of its definition, where that has an id. */
  row?: string
  /** How many of its items are stored nowhere else. */
  unstored?: number
  /** The items waiting; null while it cannot be used. */
  size: number | null
  leased?: number
  waiting?: number
  paused?: boolean
  /** The age of the oldest item waiting, in ms. */
  oldest?: number
  added?: number
  fetched?: number
  acknowledged?: number
  dropped?: Readonly<Record<string, number>>
  /** Whether some queue of its config node names it as its dead letter queue. */
  isDeadLetters?: boolean
  caution?: string
  problem?: { code: string; message: string }
  /** The items read so far while it is being loaded. */
  loaded?: number
  /** Whether it has not answered in time, so that this is what was seen last. */
  late?: boolean
}

/** A config node with its queues, in the order of their definitions. */
export interface NodeAnswer {
  id: string
  name: string
  engine: string
  database?: string
  /** What is wrong with its definitions. */
  errors?: readonly string[]
  /** What may be done with its queues. */
  can?: readonly string[]
  queues: readonly QueueAnswer[]
}

export interface QueuesAnswer {
  /** In ms, by the clock of the runtime. */
  time: number
  nodes: readonly NodeAnswer[]
}

/** An item waiting, as people read it. */
export interface ItemAnswer {
  id: string
  key: string
  value: string
  /** Whether its key or its value is longer than this. */
  isCut: boolean
  kind: string
  /** In ms. */
  age: number
  attempt: number
  /** Why it was given up, and the queue that did so, where it is in a dead letter queue. */
  reason?: string
  queue?: string
}

export interface ItemsAnswer {
  items: ItemAnswer[]
  size: number
}

/** The whole of an item, or the first part of a very large one. */
export type WholeItem = Pick<ItemAnswer, 'id' | 'key' | 'value' | 'kind' | 'isCut'>

/** What an action did. */
export interface Outcome {
  count: number
  /** How many items could not be sent back and stayed, and why. */
  left?: number
  reason?: string
  /** How many items had to go from the queue that they were sent back to. */
  dropped?: number
}

export type Action = 'remove' | 'clear' | 'pause' | 'resume' | 'send-back'
