/** Config nodes with another engine than that of this process, which anybody can add. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Engine,
  type EngineOptions,
  engineKinds,
  MqueueError,
  type QueueDefinition,
  registerEngine,
  type Supports,
} from '../../src/index.ts'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'

/** Queues that somebody else fills: each begins with the numbers up to three, and nothing can be added. */
class CountingEngine implements Engine {
  readonly supports: Supports = { add: false, leases: false, dbmodes: [0] }
  #queues = new Map<string, { definition: QueueDefinition; left: number[] }>()
  #errors: readonly MqueueError[] = []

  define(definitions: readonly QueueDefinition[], errors: readonly MqueueError[] = []) {
    this.#errors = errors
    this.#queues = new Map()
    for (const definition of definitions) {
      this.#queues.set(definition.name, { definition, left: [1, 2, 3] })
    }
    return []
  }
  definition = (queue: string) => this.#queue(queue).definition
  add(): never {
    throw new MqueueError('MQ_UNSUPPORTED', 'Nothing can be added to the queues of this engine.')
  }
  fetch(queue: string) {
    const { left } = this.#queue(queue)
    const value = left.shift()
    return value === undefined ? undefined : { key: `${value}`, value, size: left.length }
  }
  take: Engine['take'] = (queue: string) => [this.fetch(queue)].filter((item) => item !== undefined)
  size = (queue: string) => this.#queue(queue).left.length
  sizes = () => new Map([...this.#queues].map(([name, { left }]) => [name, left.length]))
  stats(queue: string) {
    const { left } = this.#queue(queue)
    const none = { leased: 0, waiting: 0, paused: false, oldest: undefined, acknowledged: 0 }
    return { ...none, size: left.length, added: 3, fetched: 3 - left.length, dropped: {} }
  }
  known = (queue: string) => this.size(queue)
  loaded = () => undefined
  unstored = () => 0
  names = () => ['q']
  watch = () => () => {}
  save() {}
  rescue() {}
  close() {}

  #queue(name: string) {
    const queue = this.#queues.get(name)
    if (queue !== undefined) return queue
    const bad = this.#errors.find((error) => error.queue === name)
    throw bad ?? new MqueueError('MQ_UNKNOWN_QUEUE', `There is no queue "${name}".`)
  }
}

registerEngine('counting', { create: () => new CountingEngine() })

const COUNTING = { engine: 'counting' }
const NODES = [
  { id: 'add', type: 'mq-add', queue: 'q' },
  { id: 'fetch', type: 'mq-fetch', queue: 'q' },
  { id: 'size', type: 'mq-size', queue: 'q' },
  { id: 'all', type: 'mq-size', queueType: 'all' },
]

describe('an engine that was added', () => {
  afterEach(unload)

  it('is one of the kinds there are', () => {
    assert.ok(engineKinds().includes('memory'))
    assert.ok(engineKinds().includes('counting'))
  })

  it('serves the nodes', async () => {
    const { run } = await load([config([{ name: 'q' }, { name: 'r' }], COUNTING), ...NODES])
    const item = (await run('fetch', {})).out[0]
    assert.deepEqual([item?.mqk, item?.mqv, item?.mqsize], ['1', 1, 2])
    assert.equal((await run('size', {})).out[0]?.payload, 2)
    assert.deepEqual((await run('all', {})).out[0]?.payload, { q: 2, r: 3 })
    await run('fetch', {})
    await run('fetch', {})
    assert.equal((await run('fetch', {})).out[1]?.mqsize, 0)
  })

  it('shows its sizes', async () => {
    const { received } = await load([config([{ name: 'q', size: 9 }], COUNTING), ...NODES])
    await sleep(400)
    const texts = received.flatMap(({ what, msg }) => {
      const status = msg.status as { text: string; source: { id: string } } | undefined
      return what === 'status' && status ? [`${status.source.id} ${status.text}`] : []
    })
    assert.deepEqual(texts.sort(), ['add 3 / 9', 'all 3', 'fetch 3 / 9', 'size 3 / 9'])
  })

  it('answers MQ_UNSUPPORTED for what it cannot do', async () => {
    const { run, received } = await load([config([{ name: 'q' }], COUNTING), ...NODES])
    const { error, out, done } = await run('add', { payload: 1 })
    assert.deepEqual([error?.code, out, done], ['MQ_UNSUPPORTED', [undefined, undefined], 1])
    await sleep(400)
    const texts = received.map(({ msg }) => (msg.status as { text?: string } | undefined)?.text)
    assert.ok(texts.includes('not supported'), `${texts}`)
  })

  it('refuses the dbmodes it does not support, and serves the other queues', async () => {
    const queues = [{ name: 'q', dbmode: 4 }, { name: 'r' }]
    const other = { id: 'other', type: 'mq-size', queue: 'r' }
    const { run } = await load([config(queues, COUNTING), ...NODES, other])
    const { error } = await run('size', {})
    assert.equal(error?.code, 'MQ_INVALID_DEFINITION')
    assert.match(error?.message ?? '', /Queue "q": with this engine, Storage \(dbmode\) must be 0/)
    assert.equal((await run('other', {})).out[0]?.payload, 3)
  })
})

/** An engine of which one queue needs a word. */
class CautiousEngine extends CountingEngine {
  override take = () => new Promise<never>(() => {})
  caution = (queue: string) => (queue === 'r' ? undefined : ('defined elsewhere' as const))
}

registerEngine('cautious', { create: () => new CautiousEngine() })

describe('an engine with something to say of a queue', () => {
  afterEach(unload)

  it('has it shown instead of the size, also while items are consumed', async () => {
    const nodes = [
      { id: 'q', type: 'mq-size', queue: 'q' },
      { id: 'r', type: 'mq-size', queue: 'r' },
      { id: 'consume', type: 'mq-consume', queue: 'q', ack: 'auto' },
      { id: 'unknown', type: 'mq-size', queue: 'x' },
    ]
    const queues = [{ name: 'q' }, { name: 'r', size: 9 }]
    const { received } = await load([config(queues, { engine: 'cautious' }), ...nodes])
    await sleep(600)
    const shown = received.flatMap(({ msg }) => {
      const { status } = msg as { status?: { fill: string; text: string; source: { id: string } } }
      return status ? [`${status.source.id}: ${status.fill}, ${status.text}`] : []
    })
    assert.deepEqual([...new Set(shown)].sort(), [
      'consume: yellow, defined elsewhere',
      'q: yellow, defined elsewhere',
      'r: green, 3 / 9',
      'unknown: red, unknown queue',
    ])
  })
})

describe('what an engine is made of', () => {
  afterEach(unload)

  it('has the address, the prefix and the TLS settings of the config node', async () => {
    const given: EngineOptions[] = []
    registerEngine('noting', {
      create(options) {
        given.push(options)
        return new CountingEngine()
      },
    })
    const tls = { id: 'tls', type: 'tls-config', servername: 'redis.example' }
    const redisUrl = 'redis://redis.example'
    const more = { engine: 'noting', redisUrl, prefix: 'p' }
    for (const id of ['tls', 'missing', '', undefined]) {
      await load([tls, config([{ name: 'q' }], { ...more, tls: id }), ...NODES])
      await unload()
    }
    assert.deepEqual(
      given.map((options) => [options.redisUrl, options.prefix, options.tls?.servername]),
      ['redis.example', undefined, undefined, undefined].map((name) => [redisUrl, 'p', name]),
    )
    // A choice that cannot be found never means that all is sent in the clear.
    assert.deepEqual(
      given.map(({ tls }) => tls === undefined),
      [false, false, true, true],
    )
  })
})

describe('an engine that there is not', () => {
  afterEach(unload)

  it('loses nothing when it does not let itself be made', async () => {
    registerEngine('failing', {
      create() {
        throw new TypeError('the reason')
      },
    })
    const reload = async (more: object) => {
      await unload()
      const node = { ...config([{ name: 'q' }], more), id: 'home' }
      return load([node, ...NODES.map((one) => ({ ...one, mqueue: 'home' }))])
    }
    assert.equal((await (await reload({})).run('add', { payload: 'kept' })).done, 1)
    const { error } = await (await reload({ engine: 'failing' })).run('fetch', {})
    assert.equal(error?.code, 'MQ_INVALID_DEFINITION')
    assert.match(error?.message ?? '', /engine cannot be used: the reason/)
    assert.equal((await (await reload({})).run('fetch', {})).out[0]?.mqv, 'kept')
  })

  it('is MQ_INVALID_DEFINITION, with those that there are', async () => {
    const { run } = await load([config([{ name: 'q' }], { engine: 'magic' }), ...NODES])
    for (const id of ['add', 'fetch', 'size', 'all']) {
      const { error } = await run(id, { payload: 1 })
      assert.equal(error?.code, 'MQ_INVALID_DEFINITION')
      assert.match(error?.message ?? '', /no engine "magic".*"memory".*"counting"/)
    }
  })
})
