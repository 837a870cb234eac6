import { type Answers, control, type Requests } from '../src/control.ts'
import type { Engine } from '../src/engine.ts'
import { MqueueError, quote } from '../src/errors.ts'
import { leasing, type SeenItem } from '../src/leasing.ts'
import { metricsOf } from '../src/metrics.ts'
import { Overviews, type Source } from '../src/overview.ts'
import { cut, preview } from '../src/preview.ts'
import { Rising } from '../src/rising.ts'
import { within } from '../src/within.ts'
import { HttpError } from './http-error.ts'

/** How many characters of a key and of a value are shown in a list. */
const PREVIEW = 200
/** How many characters of them are shown of one item. */
const WHOLE = 1_000_000
/** How long a request waits for what a queue answers, in ms. */
const LONGEST_WAIT = 20_000

/** What can be done to a queue. */
export const ACTIONS = ['remove', 'clear', 'pause', 'resume', 'send-back'] as const
export type HttpAction = (typeof ACTIONS)[number]

/** A queue, as a request names it. */
export interface Place {
  /** The id of its config node. */
  readonly id: string
  readonly queue: string
}

/** Part of the items of a queue. */
export interface Page {
  readonly from: number
  readonly count: number
}

/** What is answered to those who look at queues, and do something with them, over HTTP. */
export class QueueRequests {
  readonly #sources: () => Iterable<Source>
  readonly #overviews: Overviews
  readonly #rising = new Rising()

  /** @param sources returns the engines of the config nodes in use */
  constructor(sources: () => Iterable<Source>) {
    this.#sources = sources
    this.#overviews = new Overviews(sources)
  }

  /** All queues, as JSON. */
  async overview(): Promise<string> {
    return (await this.#overviews.latest()).json
  }

  /** The counts of all queues, as Prometheus reads them. */
  async metrics(): Promise<string> {
    return metricsOf((await this.#overviews.latest()).overview, this.#rising)
  }

  /** The items of a queue from a place on, cut to what a list shows of them. */
  async items(place: Place, page: Page): Promise<object> {
    const [items, size] = await inTime(place, () =>
      Promise.all([this.#do(place, 'peek', page), this.#size(place)]),
    )
    return { items: items.map(listed), size }
  }

  /** One item of a queue, as a whole. */
  async item(place: Place, item: string): Promise<object> {
    const found = await inTime(place, () => this.#do(place, 'find', { item }))
    if (found === undefined) throw gone(place)
    return { id: found.id, ...shown(found, WHOLE) }
  }

  /**
   * Does something to a queue.
   *
   * @param item the id of the item that it is done to; all, where there is none
   * @returns how many items it was done to
   */
  async act(place: Place, action: HttpAction, item: string | undefined): Promise<object> {
    try {
      return await inTime(place, () => this.#act(place, action, item))
    } finally {
      this.#overviews.refresh()
    }
  }

  async #act(place: Place, action: HttpAction, item: string | undefined): Promise<object> {
    switch (action) {
      case 'remove': {
        if (item === undefined) throw HttpError.refused(400, 'it does not say which item')
        if (!(await this.#do(place, 'remove-item', { item }))) throw gone(place)
        return { count: 1 }
      }
      case 'clear':
        return { count: await this.#do(place, 'clear', {}) }
      case 'pause':
      case 'resume':
        return { count: 0, paused: await this.#do(place, action, {}) }
      case 'send-back': {
        const { sent, left, dropped, reason } = await this.#do(place, action, { item })
        if (item !== undefined && sent + left === 0) throw gone(place)
        return { count: sent, left, dropped, ...(reason !== undefined && { reason }) }
      }
    }
  }

  async #do<A extends keyof Requests>(
    place: Place,
    action: A,
    request: Requests[A],
  ): Promise<Answers[A]> {
    return control(leasing(this.#engineOf(place)), place.queue, action, request)
  }

  async #size(place: Place): Promise<number> {
    return this.#engineOf(place).size(place.queue)
  }

  #engineOf({ id }: Place): Engine {
    for (const source of this.#sources()) if (source.id === id) return source.engine
    const text = `There is no mqueue config node ${quote(id)} any more, or it is disabled.`
    throw new MqueueError('MQ_NO_CONFIG', `${text} Look at the queues again.`)
  }
}

/** Waits for what a queue answers, but not for ever: its database or server may not answer. */
function inTime<T>({ queue }: Place, ask: () => Promise<T>): Promise<T> {
  return within(ask(), LONGEST_WAIT, () => {
    const text = `Queue ${quote(queue)} has not answered in ${LONGEST_WAIT / 1_000} s.`
    throw new MqueueError('MQ_UNAVAILABLE', `${text} The operation may still be done.`)
  })
}

function gone({ queue }: Place): HttpError {
  const text = `The item is not in the queue ${quote(queue)} any more: it was taken, or removed.`
  return new HttpError(404, 'MQ_UNKNOWN_ITEM', `${text} Look at the items again.`)
}

/** An item as it stands in a list. */
function listed(item: SeenItem): object {
  const { id, age, attempt, reason, from } = item
  const whence = { ...(reason && { reason }), ...(from !== undefined && { queue: from }) }
  return { id, ...shown(item, PREVIEW), age, attempt, ...whence }
}

/** The key and the value of an item as text for people, so many characters of each. */
function shown({ key, value, problem }: SeenItem, length: number): object {
  const name = cut(key, length)
  const { text, kind, isCut } =
    problem === undefined
      ? preview(value, length)
      : { ...cut(problem.message, length), kind: 'unreadable' }
  return { key: name.text, value: text, kind, isCut: name.isCut || isCut }
}
