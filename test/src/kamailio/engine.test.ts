/** How items come from a real Kamailio: in which order, with how few requests, and what becomes of those nobody wants. */
import assert from 'node:assert/strict'
import fs, { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  KamailioEngine,
  type KamailioPlace,
  MqueueError,
  parseDefinitions,
  type Taken,
} from '../../../src/index.ts'
import { askKamailio } from '../../../src/kamailio/ask.ts'
import { answerRpc } from '../../../src/rpc.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { Front } from '../../kamailio/front.ts'
import { kamailioVersion, Rig } from '../../kamailio/rig.ts'
import { Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { requires } from '../../support/required.ts'

const MANY = Array.from({ length: 20 }, (_, index) => `n${index}`)
const QUEUES = ['q', 'r', ...MANY]
const WAIT = { wait: Number.POSITIVE_INFINITY }

const keysOf = (items: readonly Taken[]) => items.map(({ key }) => key).join(' ')

describe('the queues of a Kamailio', () => {
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')
  let rig: Rig
  let front: Front
  let directory: string
  const engines: KamailioEngine[] = []
  const reports = new Reports()

  before(async () => {
    rig = await Rig.start({ queues: QUEUES.map((name) => `name=${name}`) })
  })
  beforeEach(async () => {
    for (const q of QUEUES) while ((await rig.play({ op: 'fetch', q })).rc > 0);
    front = await Front.start(() => rig.port)
    directory = mkdtempSync(join(tmpdir(), 'mqueue-kamailio-'))
    reports.said.length = 0
  })
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close()
    await front.stop()
    rmSync(directory, { recursive: true })
  })
  after(() => rig?.stop())

  async function make(place: KamailioPlace = {}, queues = QUEUES): Promise<KamailioEngine> {
    const engine = new KamailioEngine({ rpcUrl: front.url, ...place }, reports)
    engines.push(engine)
    await engine.define(queues.map((name) => defined(name)))
    return engine
  }

  const add = async (keys: string, q = 'q') => {
    for (const key of keys.split(' ')) {
      assert.equal((await rig.play({ op: 'add', q, key, val: `value of ${key}` })).rc, 1)
    }
  }

  /** Holds the answer to the next fetch back, until it is let go; resolves when Kamailio has answered. */
  function holdFetch(): { came: Promise<void>; letGo: () => void } {
    const came = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    let holds = 1
    front.hold = async (method) => {
      if (method !== 'mqueue.fetch' || holds-- <= 0) return
      came.resolve()
      await gate.promise
    }
    return { came: came.promise, letGo: gate.resolve }
  }

  const textOf = (place: KamailioPlace) => {
    try {
      new KamailioEngine(place)
    } catch (error) {
      return error instanceof MqueueError ? `${error.code} ${error.field}` : ''
    }
    return ''
  }

  it('need an address and a poll that can be used', () => {
    assert.equal(textOf({ rpcUrl: 'sip:a' }), 'MQ_INVALID_DEFINITION rpcUrl')
    assert.equal(textOf({ poll: 'often' }), 'MQ_INVALID_DEFINITION poll')
    assert.equal(textOf({ user: {} }), 'MQ_INVALID_DEFINITION user')
  })

  it('do what its RPC can, and say why they do nothing else', async () => {
    const engine = await make()
    assert.deepEqual(engine.supports, { add: false, leases: false, dbmodes: [0] })
    for (const [operate, reason] of [
      [() => engine.add('q'), /no RPC that adds an item\. Add it in its script with mq_add/],
      [
        () => engine.take('q', { lease: 1_000 }),
        /no RPC that leases an item\. Take items for good/,
      ],
      [() => engine.take('q', { item: '1' }), /no RPC that leases an item/],
    ] as const) {
      await assert.rejects(operate, (error) => {
        assert.ok(error instanceof MqueueError && error.code === 'MQ_UNSUPPORTED')
        assert.match(error.message, reason)
        return true
      })
    }
  })

  it('take no dbmode but 0, and nothing else of a definition counts', async () => {
    const engine = await make()
    const { definitions, errors } = parseDefinitions([
      { name: 'q', size: 1, addmode: 2, deadLetter: 'r', attempts: 3 },
      { name: 'r', dbmode: 1 },
    ])
    await engine.define(definitions, errors)
    await add('a b a')
    assert.equal(await engine.size('q'), 3)
    await assert.rejects(async () => engine.size('r'), { code: 'MQ_INVALID_DEFINITION' })
  })

  it('are reported in the order in which they are defined', async () => {
    await add('a', 'r')
    const found = await askKamailio({ rpcUrl: rig.url })
    const all = QUEUES.map((name) => ({ name, size: name === 'r' ? 1 : 0 }))
    assert.deepEqual(found, all)
    await assert.rejects(askKamailio({ rpcUrl: 'sip:a' }), { code: 'MQ_INVALID_DEFINITION' })
    await assert.rejects(askKamailio({ rpcUrl: `${rig.url}/../other` }), { code: 'MQ_UNAVAILABLE' })
  })

  it('give up to so many at once', async () => {
    const engine = await make()
    await add('a b c d e')
    const items = await engine.take('q', { count: 3 })
    assert.deepEqual(
      items.map(({ key, value, size, lease }) => [key, value, size, lease]),
      [
        ['a', 'value of a', 4, undefined],
        ['b', 'value of b', 3, undefined],
        ['c', 'value of c', 2, undefined],
      ],
    )
    assert.equal(keysOf(await engine.take('q', { count: 1_000, wait: 5_000 })), 'd e')
    assert.deepEqual(await engine.take('q', { count: 2 }), [])
  })

  it('count what comes, also where others take it', async () => {
    const engine = await make()
    const added = async () => (await engine.stats('q')).added
    await add('a b c')
    assert.equal(await added(), 3)
    for (const _ of [1, 2]) await rig.play({ op: 'fetch', q: 'q' })
    assert.equal(await added(), 3)
    await add('d')
    assert.equal(await added(), 4)
    await engine.fetch('q')
    const { size, fetched } = await engine.stats('q')
    assert.deepEqual([size, fetched, await added()], [1, 1, 4])
  })

  it('serve those who wait in the order in which they asked', async () => {
    const engine = await make({ poll: 0.02 })
    const taking = [1, 2, 3].map(() => engine.take('q', WAIT))
    const eager = engine.take('q', { ...WAIT, count: 5, isEager: true })
    await eventually(async () => assert.equal((await engine.stats('q')).waiting, 4))
    await add('a b c d e')
    assert.deepEqual((await Promise.all([...taking, eager])).map(keysOf), ['a', 'b', 'c', 'd'])
  })

  it('serve queues in turn, so that none waits for the end of another', async () => {
    const engine = await make({ poll: 0.02 })
    await add('a b c d e f')
    await add('x y z', 'r')
    const order: string[] = []
    const consume = async (queue: string, count: number) => {
      for (let taken = 0; taken < count; taken++) {
        order.push(keysOf(await engine.take(queue, WAIT)))
      }
    }
    await Promise.all([consume('q', 6), consume('r', 3)])
    assert.ok(order.indexOf('z') < order.indexOf('f'), order.join())
  })

  it('wait for as long as was asked, and miss nothing at the end', async () => {
    const engine = await make({ poll: 3_600 })
    assert.deepEqual(await engine.take('q', { wait: 20 }), [])
    const taking = engine.take('q', { wait: 1_500 })
    // The look that is due comes in an hour only.
    await eventually(async () => assert.ok(front.calls.length >= 4))
    await add('a')
    assert.equal(keysOf(await taking), 'a')
  })

  it('share items among several, each going to one of them, and keep the order for each', async () => {
    const all = await Promise.all([make({ poll: 0.02 }), make({ poll: 0.02 }), make()])
    const count = 300
    const taken: number[][] = all.map(() => [])
    let left = count
    const consumers = all.map(async (engine, index) => {
      while (left > 0) {
        for (const { key } of await engine.take('q', { wait: 100 })) {
          taken[index]?.push(Number(key))
          left--
        }
      }
    })
    await add(Array.from({ length: count }, (_, index) => index).join(' '))
    await Promise.all(consumers)
    for (const numbers of taken) {
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
    }
    assert.equal(new Set(taken.flat()).size, count)
    assert.equal(taken.flat().length, count)
  })

  describe('are asked', () => {
    it('once a poll, however many wait, and not at all while nobody does', async () => {
      const engine = await make({ poll: 0.5 })
      const stop = new AbortController()
      const waiting = MANY.map((queue) => engine.take(queue, { ...WAIT, signal: stop.signal }))
      const ended = Promise.allSettled(waiting)
      await eventually(async () => assert.ok(front.calls.length >= 2))
      const before = front.calls.length
      const from = performance.now()
      await sleep(2_600)
      await eventually(async () => assert.ok(front.calls.length - before >= 2))
      const looks = front.calls.length - before
      const polls = (performance.now() - from) / 500
      assert.ok(looks >= 2 && looks <= polls + 1, `${looks} in ${polls} polls`)
      assert.deepEqual(new Set(front.calls), new Set(['mqueue.get_sizes']))
      stop.abort()
      await ended
      // What is asked for is answered behind the look that may be on its way.
      await engine.size('q')
      const after = front.calls.length
      await sleep(1_200)
      assert.equal(front.calls.length, after)
      assert.ok(front.connections <= 1)
    })

    it('for an item each, and little more, while items come', async () => {
      const engine = await make({ poll: 3_600 })
      await add(Array.from({ length: 50 }, (_, index) => index).join(' '))
      await engine.size('q')
      const before = front.calls.length
      for (let i = 0; i < 50; i++) await engine.take('q', WAIT)
      assert.deepEqual(front.calls.slice(before), Array(50).fill('mqueue.fetch'))
      // What comes next is seen at once, and not an hour later.
      const taking = engine.take('q', WAIT)
      await add('more')
      const more = await Promise.race([taking, sleep(50)])
      if (more === undefined) assert.equal(front.calls.at(-1), 'mqueue.get_sizes')
      else assert.equal(keysOf(more), 'more')
    })

    it('once for all who want a size at one time', async () => {
      const engine = await make()
      const before = front.calls.length
      await Promise.all([...QUEUES.map((name) => engine.stats(name)), engine.sizes()])
      assert.equal(front.calls.length, before + 1)
    })

    it('for nothing where no queue is defined', async () => {
      await make({}, [])
      assert.deepEqual(front.calls, [])
    })
  })

  /** Makes an item come for somebody who has gone. */
  async function keep(engine: KamailioEngine, key = 'a', count = 1): Promise<void> {
    await add(key)
    await engine.size('q')
    const { came, letGo } = holdFetch()
    const stop = new AbortController()
    const taking = engine.take('q', { count: 10, signal: stop.signal })
    await came
    stop.abort()
    await assert.rejects(taking, { code: 'MQ_CLOSED' })
    letGo()
    await eventually(async () => assert.equal(engine.unstored('q'), count))
  }

  describe('an item that comes for somebody who has gone', () => {
    const asks: [string, (engine: KamailioEngine, signal: AbortSignal) => Promise<unknown>][] = [
      ['a fetch', (engine, signal) => engine.fetch('q', { signal })],
      ['a take of several', (engine, signal) => engine.take('q', { signal, count: 2 })],
      ['a wait', (engine, signal) => engine.take('q', { signal, ...WAIT })],
    ]
    for (const [what, ask] of asks) {
      it(`after ${what} is the first that is handed out next, and counts meanwhile`, async () => {
        const engine = await make()
        await add('a b c')
        await engine.size('q')
        const { came, letGo } = holdFetch()
        const stop = new AbortController()
        const asked = ask(engine, stop.signal)
        await came
        stop.abort()
        await assert.rejects(asked, { code: 'MQ_CLOSED' })
        letGo()
        await eventually(async () => assert.equal(engine.unstored('q'), 1))
        assert.equal(engine.known('q'), 3)
        assert.equal(await engine.size('q'), 3)
        const { size, fetched, added } = await engine.stats('q')
        assert.deepEqual([size, fetched, added], [3, 0, 3])
        const items = (await drained(engine)).map((item) => `${item.key} ${item.size}`)
        assert.deepEqual(items, ['a 2', 'b 1', 'c 0'])
      })
    }

    it('is put back by an RPC whose client has gone before its batch is answered', async () => {
      const engine = await make()
      await add('a b c')
      const gone = new AbortController()
      const batch = [1, 2].map((id) => ({
        ...{ jsonrpc: '2.0', method: 'mqueue.fetch', params: ['q'] },
        id,
      }))
      let fetches = 0
      front.hold = async (method) => {
        if (method === 'mqueue.fetch' && ++fetches === 2) gone.abort()
      }
      await answerRpc(batch, new Map([['id', engine]]), gone.signal, (conclude) => conclude(false))
      await eventually(async () => assert.equal(engine.unstored('q'), 2))
      const { size, fetched, added } = await engine.stats('q')
      assert.deepEqual([size, fetched, added], [3, 0, 3])
      assert.equal(keysOf(await engine.take('q', { count: 5 })), 'a b c')
    })

    it('can be put back once', async () => {
      const engine = await make()
      await add('a b')
      const items = await engine.take('q', { count: 5 })
      engine.putBack('q', items.slice(1))
      engine.putBack('q', items)
      engine.putBack('q', items)
      assert.equal(keysOf(await engine.take('q', { count: 5 })), 'a b')
      await engine.define([defined('r')])
      engine.putBack('q', items)
      assert.match(reports.said.join(), /Queue "q": items came back too late and are lost: 2\./)
    })

    it('is none where that is known before', async () => {
      const engine = await make()
      await add('a')
      const gone = AbortSignal.abort()
      for (const options of [{}, { wait: 60_000 }, WAIT]) {
        const asked = engine.take('q', { ...options, signal: gone })
        await assert.rejects(asked, { code: 'MQ_CLOSED' })
      }
      assert.deepEqual([engine.unstored('q'), await engine.size('q')], [0, 1])
    })

    it('goes to who waits', async () => {
      const engine = await make()
      await add('a')
      await engine.size('q')
      const { came, letGo } = holdFetch()
      const stop = new AbortController()
      const gone = engine.take('q', { ...WAIT, signal: stop.signal })
      const next = engine.take('q', WAIT)
      await came
      stop.abort()
      await assert.rejects(gone, { code: 'MQ_CLOSED' })
      letGo()
      assert.equal(keysOf(await next), 'a')
    })

    it('goes with its queue to another name', async () => {
      const engine = await make()
      await engine.define([{ ...defined('q'), id: '1' }])
      await keep(engine)
      await engine.define([{ ...defined('r'), id: '1' }])
      assert.deepEqual([engine.unstored('q'), engine.unstored('r')], [0, 1])
      assert.equal((await engine.fetch('r'))?.key, 'a')
    })

    it('stays while there are bad definitions', async () => {
      const engine = await make()
      await keep(engine)
      const { definitions, errors } = parseDefinitions([{ name: 'q', size: 'many' }])
      await engine.define(definitions, errors)
      assert.equal(engine.unstored('q'), 1)
      await engine.define([defined('q')])
      assert.equal((await engine.fetch('q'))?.key, 'a')
    })

    it('is kept over the end of the process', async () => {
      const engine = await make({ directory, id: 'x/y' })
      await keep(engine)
      await engine.save()
      await assert.rejects(async () => engine.fetch('q'), { code: 'MQ_CLOSED' })
      engine.rescue()
      assert.deepEqual(readdirSync(directory), ['x%2Fy.kamailio.json'])
      const again = await make({ directory, id: 'x/y' })
      assert.deepEqual(readdirSync(directory), [])
      assert.equal(again.known('q'), 1)
      const { key, value } = (await again.fetch('q')) ?? {}
      assert.deepEqual([key, value], ['a', 'value of a'])
      assert.deepEqual(reports.said, [])
    })

    it('is kept when the process ends while its answer is on its way', async () => {
      const engine = await make({ directory, id: 'x' })
      await add('a')
      await engine.size('q')
      const { came, letGo } = holdFetch()
      const taking = assert.rejects(engine.take('q', WAIT), { code: 'MQ_CLOSED' })
      await came
      const saved = engine.save()
      await taking
      letGo()
      await saved
      // The end was none: it goes on.
      await engine.define([defined('q')])
      assert.equal((await engine.fetch('q'))?.key, 'a')
    })

    it('is kept by a rescue', async () => {
      const engine = await make({ directory, id: 'x' })
      await keep(engine)
      engine.rescue()
      assert.equal(engine.unstored('q'), 0)
      assert.equal((await (await make({ directory, id: 'x' })).fetch('q'))?.key, 'a')
    })

    it('goes with its queue when that was deleted meanwhile, which is reported', async () => {
      const engine = await make({ directory, id: 'x' })
      await keep(engine)
      await engine.save()
      await engine.define([defined('r')])
      assert.match(reports.said.join(), /Queue "q": items dropped with the deleted queue: 1/)
      await engine.define([defined('q')])
      assert.equal(engine.unstored('q'), 0)
    })

    it('waits in the file until the definitions are good', async () => {
      const engine = await make({ directory, id: 'x' })
      await keep(engine)
      await engine.save()
      const { definitions, errors } = parseDefinitions([{ name: 'r' }, { name: 'q', size: 'many' }])
      const next = new KamailioEngine({ rpcUrl: front.url, directory, id: 'x' }, reports)
      engines.push(next)
      await next.define(definitions, errors)
      await next.save()
      assert.equal((await (await make({ directory, id: 'x' })).fetch('q'))?.key, 'a')
    })

    it('is reported as lost where it cannot be kept', async () => {
      const engine = await make()
      await keep(engine)
      const text =
        /^Items that were fetched from Kamailio at \S+ for nodes that had gone are lost: 1\./
      await assert.rejects(engine.save(), { code: 'MQ_UNAVAILABLE', message: text })
      engine.rescue()
      writeFileSync(join(directory, 'file'), '')
      const nowhere = await make({ directory: join(directory, 'file'), id: 'x' })
      await keep(nowhere, 'b')
      assert.throws(() => nowhere.rescue(), { code: 'MQ_UNAVAILABLE' })
    })

    it('is not handed out twice where its file cannot be removed', async () => {
      const first = await make({ directory, id: 'x' })
      await keep(first)
      await first.save()
      const removal = mock.method(fs, 'rmSync', () => {
        throw new Error('EROFS: read-only file system')
      })
      syncBuiltinESMExports()
      try {
        const next = await make({ directory, id: 'x' })
        assert.equal(next.unstored('q'), 0)
        assert.match(
          reports.said.join(),
          /cannot be read from .*: EROFS.*allow Node-RED to remove it/,
        )
      } finally {
        removal.mock.restore()
        syncBuiltinESMExports()
      }
      assert.equal((await (await make({ directory, id: 'x' })).fetch('q'))?.key, 'a')
    })

    it('is not read from a file that was spoilt, which stays', async () => {
      const file = join(directory, 'x.kamailio.json')
      for (const text of ['{', '{}', '[["q",[["a"]]]]', '[["q",[["a",1]]]]', '[1]', '[["q"]]']) {
        reports.said.length = 0
        writeFileSync(file, text)
        const engine = await make({ directory, id: 'x' })
        assert.equal(engine.known('q'), 0)
        assert.match(
          reports.said.join(),
          /cannot be read from .*x\.kamailio\.json: .*Repair or remove the file/,
        )
        assert.deepEqual(readdirSync(directory), ['x.kamailio.json'])
      }
    })
  })

  describe('another place', () => {
    it('with the same server goes on with what is here', async () => {
      const engine = await make({ poll: 3_600 })
      const taking = engine.take('q', WAIT)
      const place = { rpcUrl: front.url, poll: '0.02', user: 'u', password: 'p' }
      engine.relocate({ ...place }, reports)
      await engine.define(QUEUES.map((name) => defined(name)))
      await add('a')
      assert.equal(keysOf(await taking), 'a')
      assert.deepEqual(reports.said, [])
      assert.throws(() => engine.relocate({ ...place, poll: 'x' }, reports), { field: 'poll' })
    })

    it('with another server goes on there, with what was fetched from the first', async () => {
      const other = await Rig.start({ queues: ['name=q'] })
      try {
        const engine = await make({}, ['q', 'r'])
        await keep(engine)
        await add('left behind')
        assert.equal((await other.play({ op: 'add', q: 'q', key: 'b', val: 'b' })).rc, 1)
        // A look that is under way does not count.
        let letGo = () => {}
        front.hold = () => new Promise((resolve) => (letGo = resolve))
        const looking = engine.size('q')
        await eventually(async () => assert.equal(front.calls.at(-1), 'mqueue.get_sizes'))
        const looks = front.calls.length
        engine.relocate({ rpcUrl: other.url }, reports)
        letGo()
        assert.equal(await looking, 2)
        assert.equal(front.calls.length, looks)
        await engine.define([defined('q'), defined('r')])
        assert.equal(keysOf(await engine.take('q', { count: 5 })), 'a b')
        const [said, ...more] = reports.said
        assert.match(said ?? '', new RegExp(`127\\.0\\.0\\.1:${other.port} has no queue "r"`))
        assert.deepEqual(more, [])
      } finally {
        await other.stop()
      }
    })
  })
})
