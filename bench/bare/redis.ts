/** The least that a queue in Redis can do: a list under two scripts, no definitions, no numbers, no leases. */
import { createHash } from 'node:crypto'
import { decode, encode } from '../../src/value.ts'
import { type Client, connected } from '../redis.ts'

const ADD = script("return redis.call('RPUSH', KEYS[1], unpack(ARGV))")
const FETCH = script(`return {
  redis.call('LPOP', KEYS[1], ARGV[1]) or {}, redis.call('LLEN', KEYS[1])
}`)

interface Fetched {
  key: string
  value: unknown
  size: number
}

function script(text: string) {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Connects, with the scripts loaded. */
async function ready(port: number): Promise<Client> {
  const client = await connected(port)
  for (const { text } of [ADD, FETCH]) await client.sendCommand(['SCRIPT', 'LOAD', text])
  return client
}

function written(key: string, value: unknown): string {
  const { val, val_type } = encode('', value)
  return `${key}\0${val_type ?? ''}\0${val}`
}

function read(cell: string, size: number): Fetched {
  const [key, type, val] = cell.split('\0') as [string, string, string]
  return { key, value: decode({ key: '', val, val_type: type || null }).value, size }
}

const call = <T>(client: Client, { sha }: typeof ADD, args: string[]) =>
  client.sendCommand<T>(['EVALSHA', sha, '1', 'bare', ...args])

/** One script call for each operation. */
export class CallEach {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  static async open(port: number): Promise<CallEach> {
    return new CallEach(await ready(port))
  }

  async add(key: string, value: unknown): Promise<{ size: number }> {
    return { size: await call<number>(this.#client, ADD, [written(key, value)]) }
  }

  async fetch(): Promise<Fetched | undefined> {
    const [cells, size] = await call<[string[], number]>(this.#client, FETCH, ['1'])
    return cells[0] === undefined ? undefined : read(cells[0], size)
  }

  close(): void {
    this.#client.destroy()
  }
}

/** One script call for all that is asked for in one turn of the event loop. */
export class CallPerTurn {
  readonly #client: Client
  #adds: { cell: string; resolve(answer: { size: number }): void }[] = []
  #fetches: ((item: Fetched | undefined) => void)[] = []

  private constructor(client: Client) {
    this.#client = client
  }

  static async open(port: number): Promise<CallPerTurn> {
    return new CallPerTurn(await ready(port))
  }

  add(key: string, value: unknown): Promise<{ size: number }> {
    if (this.#adds.length === 0) setImmediate(() => this.#sendAdds())
    return new Promise((resolve) => this.#adds.push({ cell: written(key, value), resolve }))
  }

  fetch(): Promise<Fetched | undefined> {
    if (this.#fetches.length === 0) setImmediate(() => this.#sendFetches())
    return new Promise((resolve) => this.#fetches.push(resolve))
  }

  close(): void {
    this.#client.destroy()
  }

  async #sendAdds(): Promise<void> {
    const adds = this.#adds
    this.#adds = []
    const cells = adds.map(({ cell }) => cell)
    let size = (await call<number>(this.#client, ADD, cells)) - adds.length
    for (const { resolve } of adds) resolve({ size: ++size })
  }

  async #sendFetches(): Promise<void> {
    const fetches = this.#fetches
    this.#fetches = []
    const count = String(fetches.length)
    const [cells, left] = await call<[string[], number]>(this.#client, FETCH, [count])
    let size = left + cells.length
    for (const [index, resolve] of fetches.entries()) {
      const cell = cells[index]
      resolve(cell === undefined ? undefined : read(cell, --size))
    }
  }
}
