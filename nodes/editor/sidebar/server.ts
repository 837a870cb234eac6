/** What the sidebar asks of the runtime. jQuery adds the access token of the user. */
import type { Action, ItemsAnswer, Outcome, QueuesAnswer, WholeItem } from './answers.ts'
import type { Text } from './words.ts'

/** How long an answer may take, in ms: longer than the runtime waits for a queue before it says so. */
const TIMEOUT = 30_000

/** An answer that says no, or none; its message says why, in words. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }

  /** Whether the user may not do that. */
  get isForbidden(): boolean {
    return this.status === 401 || this.status === 403
  }
}

/** A queue of a config node that runs. */
export interface Address {
  readonly node: string
  readonly queue: string
}

export class Server {
  readonly #text: Text

  constructor(text: Text) {
    this.#text = text
  }

  queues(): Promise<QueuesAnswer> {
    return this.#get('mqueue/queues', 'mqueue.read')
  }

  items(address: Address, from: number, count: number): Promise<ItemsAnswer> {
    return this.#get(`${pathOf(address)}/items?from=${from}&count=${count}`, 'mqueue.read')
  }

  /** The whole of an item. */
  item(address: Address, id: string): Promise<WholeItem> {
    return this.#get(`${pathOf(address)}/items/${encodeURIComponent(id)}`, 'mqueue.read')
  }

  /** Does something with a queue, or with one item of it. */
  act(address: Address, action: Action, item?: string): Promise<Outcome> {
    return this.#ask('mqueue.write', {
      url: `${pathOf(address)}/${action}`,
      method: 'POST',
      contentType: 'application/json',
      data: JSON.stringify(item === undefined ? {} : { item }),
    })
  }

  #get<T>(url: string, permission: string): Promise<T> {
    return this.#ask(permission, { url, cache: true })
  }

  async #ask<T>(permission: string, settings: JQuery.AjaxSettings): Promise<T> {
    try {
      return await $.ajax({ dataType: 'json', timeout: TIMEOUT, ...settings })
    } catch (error) {
      throw this.#refusal(error as JQuery.jqXHR, permission)
    }
  }

  #refusal({ status = 0, responseJSON }: JQuery.jqXHR, permission: string): Refusal {
    const said = responseJSON?.message
    if (responseJSON?.code === 'MQ_UNKNOWN_ITEM')
      return new Refusal(status, this.#text('sidebar.itemGone'))
    if (status === 0) return new Refusal(0, this.#text('sidebar.noAnswer'))
    // Where the runtime says more than that it is forbidden, such as that a page of another site asked, that is shown.
    if (status === 401 || (status === 403 && said === undefined)) {
      return new Refusal(status, this.#text('sidebar.forbidden', { permission }))
    }
    return new Refusal(status, said ?? this.#text('sidebar.refused', { status }))
  }
}

function pathOf({ node, queue }: Address): string {
  // A queue may be called "." or "..", which a browser takes for a directory unless it is encoded twice.
  const name = /^\.+$/.test(queue) ? queue.replaceAll('.', '%252E') : encodeURIComponent(queue)
  return `mqueue/${encodeURIComponent(node)}/queues/${name}`
}
