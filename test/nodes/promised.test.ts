/** The nodes over an engine that answers later, as one with a database or a server behind it does. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Engine,
  type LeasingEngine,
  type MaybePromise,
  MemoryEngine,
  MqueueError,
  registerEngine,
} from '../../src/index.ts'
import { conformsAsEngine } from '../conformance/engine.ts'
import { load, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import { until } from '../support/node-red.ts'

/** A memory engine whose answers take a moment. */
class LateEngine implements LeasingEngine {
  readonly #engine = new MemoryEngine()
  failure: MqueueError | undefined

  async #later<T>(operate: () => MaybePromise<T>): Promise<T> {
    await sleep(2)
    if (this.failure !== undefined) throw this.failure
    return operate()
  }

  supports = this.#engine.supports
  define = (...args: Parameters<Engine['define']>) =>
    this.#later(() => this.#engine.define(...args))
  definition = (queue: string) => this.#engine.definition(queue)
  add = (queue: string, key: string, value: unknown) =>
    this.#later(() => this.#engine.add(queue, key, value))
  fetch: Engine['fetch'] = (queue, options) => this.#later(() => this.#engine.fetch(queue, options))
  size = (queue: string) => this.#later(() => this.#engine.size(queue))
  sizes = () => this.#later(() => this.#engine.sizes())
  known = (queue: string) => this.#engine.known(queue)
  overflowed = (queue: string) => this.#engine.overflowed?.(queue) ?? 0
  loaded = () => undefined
  names = () => this.#engine.names()
  unstored = (queue: string) => this.#engine.unstored(queue)
  take: LeasingEngine['take'] = (...args) => this.#later(() => this.#engine.take(...args))
  acknowledge: LeasingEngine['acknowledge'] = (...args) =>
    this.#later(() => this.#engine.acknowledge(...args))
  retry: LeasingEngine['retry'] = (...args) => this.#later(() => this.#engine.retry(...args))
  reject: LeasingEngine['reject'] = (...args) => this.#later(() => this.#engine.reject(...args))
  release: LeasingEngine['release'] = (...args) => this.#later(() => this.#engine.release(...args))
  extend: LeasingEngine['extend'] = (...args) => this.#later(() => this.#engine.extend(...args))
  holds: LeasingEngine['holds'] = (...args) => this.#engine.holds(...args)
  leased: LeasingEngine['leased'] = (...args) => this.#engine.leased(...args)
  releaseAll = (owner?: string) => this.#engine.releaseAll(owner)
  peek: LeasingEngine['peek'] = (...args) => this.#later(() => this.#engine.peek(...args))
  find: LeasingEngine['find'] = (...args) => this.#later(() => this.#engine.find(...args))
  removeItem: LeasingEngine['removeItem'] = (...args) =>
    this.#later(() => this.#engine.removeItem(...args))
  remove: LeasingEngine['remove'] = (...args) => this.#later(() => this.#engine.remove(...args))
  clear: LeasingEngine['clear'] = (...args) => this.#later(() => this.#engine.clear(...args))
  pause: LeasingEngine['pause'] = (...args) => this.#later(() => this.#engine.pause(...args))
  resume: LeasingEngine['resume'] = (...args) => this.#later(() => this.#engine.resume(...args))
  isPaused = (queue: string) => this.#engine.isPaused(queue)
  stats: LeasingEngine['stats'] = (...args) => this.#later(() => this.#engine.stats(...args))
  onDropped: LeasingEngine['onDropped'] = (...args) => this.#engine.onDropped(...args)
  save = () => this.#later(() => this.#engine.save())
  watch: Engine['watch'] = (queue, listener) => this.#engine.watch(queue, listener)
  rescue = () => {}
  close = () => this.#later(() => this.#engine.close())
}

let engine: LateEngine
registerEngine('late', {
  create() {
    engine = new LateEngine()
    return engine
  },
})

conformsAsEngine('an engine that answers later', () => new LateEngine())

describe('the nodes over an engine that answers later', () => {
  afterEach(unload)

  async function late() {
    const bench = await load([
      config([{ name: 'q', size: 2 }], { engine: 'late' }),
      { id: 'add', type: 'mq-add', queue: 'q', dropped: true },
      { id: 'fetch', type: 'mq-fetch', queue: 'q' },
      { id: 'size', type: 'mq-size', queue: 'q' },
      { id: 'all', type: 'mq-size', queueType: 'all' },
    ])
    await sleep(10)
    return { ...bench, engine }
  }

  it('do the same', async () => {
    const { run } = await late()
    assert.equal((await run('add', { topic: 'a', payload: 1 })).out[0]?.mqsize, 1)
    assert.equal((await run('add', { topic: 'b', payload: 2 })).out[0]?.mqsize, 2)
    const { out, done } = await run('add', { topic: 'c', payload: 3 })
    assert.deepEqual([out[0]?.mqsize, out[1]?.mqk, out[1]?.mqreason, done], [2, 'a', 'overflow', 1])
    assert.equal((await run('size', {})).out[0]?.payload, 2)
    assert.deepEqual((await run('all', {})).out[0]?.payload, { q: 2 })
    const item = (await run('fetch', {})).out[0]
    assert.deepEqual([item?.mqk, item?.mqv, item?.mqsize], ['b', 2, 1])
    await run('fetch', {})
    assert.equal((await run('fetch', {})).out[1]?.mqsize, 0)
  })

  it('answer once when it fails, and go on when it works again', async () => {
    const { run, engine } = await late()
    engine.failure = new MqueueError('MQ_UNAVAILABLE', 'The database cannot be reached.')
    for (const id of ['add', 'fetch', 'size', 'all']) {
      const { error, out, done } = await run(id, { topic: 'a', payload: 1 })
      assert.deepEqual([error?.code, out, done], ['MQ_UNAVAILABLE', [undefined, undefined], 1])
    }
    engine.failure = undefined
    assert.equal((await run('add', { payload: 1 })).out[0]?.mqsize, 1)
  })

  it('take nothing for a node that was closed before the answer', async () => {
    const { run, node, received, engine } = await late()
    await run('add', { topic: 'a', payload: 1 })
    received.length = 0
    node('fetch').receive({ _msgid: 'trigger' })
    await (node('fetch') as unknown as { close(): Promise<void> }).close()
    await until(() => received.some(({ what }) => what === 'error'), 'the message to end')
    await sleep(20)
    const ends = received.filter(({ what }) => what !== 'status')
    assert.deepEqual(
      ends.map(({ msg }) => msg.error?.code),
      ['MQ_CLOSED'],
    )
    assert.equal(await engine.size('q'), 1)
  })

  it('show the size once it is known', async () => {
    const { run, received } = await late()
    const texts = () =>
      received.flatMap(({ what, msg }) =>
        what === 'status' ? [(msg.status as { text?: string }).text] : [],
      )
    await until(() => texts().includes('0'), 'the size at the start')
    await run('add', { payload: 1 })
    await until(() => texts().includes('1 / 2'), 'the size after the add')
  })
})
