/** Items that come by themselves, and the nodes that end their leases. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { LocalEngine } from '../../src/index.ts'
import { load, pause, unload } from '../support/bench.ts'
import { config } from '../support/flows.ts'
import { until } from '../support/node-red.ts'

const ADD = { id: 'add', type: 'mq-add', queue: 'q' }
const CONSUME = { id: 'consume', type: 'mq-consume', queue: 'q' }
const ACK = { id: 'ack', type: 'mq-ack' }
const SIZE = { id: 'size', type: 'mq-size', queue: 'q', leased: true }
const CONTROL = { id: 'control', type: 'mq-control', queue: 'q', actionType: 'msg', action: 'do' }

interface Handed {
  [property: string]: unknown
  _msgid: string
  topic: string
  payload: unknown
  mqlease: string
  mqattempt: number
  mqsize: number
}

/** A flow whose consumer's messages are collected, from its load on. */
async function start(queue: object = {}, consumer: object = {}, more: object[] = []) {
  const queues = [{ name: 'q', ...queue }, ...more]
  const retry = { id: 'retry', type: 'mq-ack', action: 'retry' }
  const nodes = [config(queues), ADD, { ...CONSUME, ...consumer }, ACK, retry, SIZE, CONTROL]
  const bench = await load(nodes)
  const got: Handed[] = []
  const times: number[] = []
  const send = bench.node('consume').send as (msg: unknown) => void
  bench.node('consume').send = (msg: unknown) => {
    const [item, dropped] = Array.isArray(msg) ? msg : [msg]
    got.push((item ?? { dropped }) as Handed)
    times.push(performance.now())
    return send.call(bench.node('consume'), msg)
  }
  const add = async (...keys: string[]) => {
    for (const key of keys) await bench.run('add', { topic: key, payload: `${key} value` })
  }
  const size = async () => (await bench.run('size', {})).out[0]?.payload
  const come = (count: number) => until(() => got.length >= count, `${count} items`)
  /** Waits until a node shows a text, from now on. */
  const shows = (text: string) =>
    until(() => bench.received.some(({ msg }) => statusOf(msg) === text), text)
  return { ...bench, got, times, add, size, come, shows }
}

function statusOf(msg: object): string | undefined {
  return (msg as { status?: { text?: string } }).status?.text
}

describe('mq-consume', () => {
  afterEach(unload)

  it('hands the items out one at a time, and the next when one is acknowledged', async () => {
    const { got, add, come, run, size } = await start()
    await add('a', 'b', 'c')
    await come(1)
    await pause(5)
    assert.equal(got.length, 1)
    const [first] = got as [Handed]
    assert.deepEqual(
      [first.topic, first.payload, first.mqattempt, first.mqk],
      ['a', 'a value', 1, undefined],
    )
    assert.match(first.mqlease, /^q:/)
    assert.deepEqual(await size(), { size: 2, leased: 1 })
    const { out, done } = await run('ack', { ...first })
    assert.equal(done, 1)
    assert.deepEqual(out[0], { ...out[0], topic: 'a', payload: 'a value', mqsize: 1 })
    assert.ok(!('mqlease' in (out[0] as object)) && !('mqattempt' in (out[0] as object)))
    await come(2)
    assert.equal(got[1]?.topic, 'b')
  })

  it('hands out as many as may be in flight, and takes items for good with ack "auto"', async () => {
    const some = await start({}, { inFlight: '3' })
    await some.add('a', 'b', 'c', 'd')
    await some.come(3)
    await pause(5)
    assert.equal(some.got.length, 3)
    await unload()
    const all = await start({}, { ack: 'auto' })
    await all.add('a', 'b', 'c', 'd')
    await all.come(4)
    assert.deepEqual(
      all.got.map(({ topic, mqlease }) => [topic, mqlease]),
      ['a', 'b', 'c', 'd'].map((key) => [key, undefined]),
    )
    assert.deepEqual(await all.size(), { size: 0, leased: 0 })
  })

  it('takes all that may be in flight at once, so that they share a commit', async () => {
    const { got, add, come, run, size } = await start({}, { inFlight: 20 })
    await run('control', { do: 'pause' })
    await add(...'abcdefghijklmnopqrstuvwxyz')
    const { take } = LocalEngine.prototype
    let takes = 0
    LocalEngine.prototype.take = function (...args) {
      takes++
      return take.apply(this, args)
    }
    try {
      await run('control', { do: 'resume' })
      await come(20)
      // The one that waited, the one behind it, and the one that waits now.
      assert.ok(takes <= 3, `${takes} times`)
    } finally {
      LocalEngine.prototype.take = take
    }
    assert.equal(got.map(({ topic }) => topic).join(''), 'abcdefghijklmnopqrst')
    assert.deepEqual(await size(), { size: 6, leased: 20 })
  })

  it('puts several into one message, as lists', async () => {
    const { got, add, come, run, size } = await start({}, { count: 3, inFlight: 3 })
    await run('control', { do: 'pause' })
    await add('a', 'b', 'c', 'd')
    await run('control', { do: 'resume' })
    await come(1)
    const [first] = got as unknown as [{ topic: string[]; mqlease: string[]; mqattempt: number[] }]
    assert.deepEqual(
      [first.topic, first.mqattempt],
      [
        ['a', 'b', 'c'],
        [1, 1, 1],
      ],
    )
    await run('ack', { ...first })
    await come(2)
    assert.deepEqual(await size(), { size: 0, leased: 1 })
  })

  it('holds a pace over any window, and saves nothing up', async () => {
    const { times, add, come } = await start({}, { ack: 'auto', rate: 2, per: 0.2 })
    // A time without work earns nothing.
    await sleep(300)
    await add('a', 'b', 'c', 'd', 'e')
    await come(5)
    for (const [i, time] of times.slice(2).entries()) {
      assert.ok(time - (times[i] as number) >= 199, `${times}`)
    }
  })

  it('restores a whole message, and knows its lease by its id', async () => {
    const flow = [config([{ name: 'q' }]), { ...ADD, value: '', valueType: 'fullmsg' }]
    const bench = await load([...flow, { ...CONSUME, restore: true }, ACK])
    await bench.run('add', { _msgid: 'own', topic: 'k', payload: 1, more: 2 })
    await until(() => bench.received.some(({ what, msg }) => what === 0 && 'mqlease' in msg), 'it')
    const { out } = await bench.run('ack', { _msgid: 'own' })
    assert.equal(out[0]?.mqsize, 0)
  })

  it('sends what is dropped without a message on its second output', async () => {
    const { got, add, come } = await start({ attempts: 1 }, { dropped: true, lease: 0.05 })
    await add('a')
    await come(2)
    const { _msgid, ...dropped } = (got[1] as unknown as { dropped: Handed }).dropped
    assert.deepEqual(dropped, { mqk: 'a', mqv: 'a value', mqreason: 'attempts', mqueue: 'q' })
  })

  it('waits while the queue is paused, and shows it', async () => {
    const { got, add, come, run, shows } = await start()
    await shows('0')
    await run('control', { do: 'pause' })
    await shows('paused')
    await add('a')
    await pause(5)
    assert.equal(got.length, 0)
    await run('control', { do: 'resume' })
    await come(1)
    await shows('1 in flight, 0')
  })

  it('says once what is wrong, and begins when it is corrected', async () => {
    for (const [consumer, code, text] of [
      [{ queue: 'none' }, 'MQ_UNKNOWN_QUEUE', 'unknown queue'],
      [{ queue: '' }, 'MQ_UNKNOWN_QUEUE', 'no queue is chosen'],
      [{ lease: 'long' }, 'MQ_INVALID_VALUE', 'invalid value'],
      [{ inFlight: 0 }, 'MQ_INVALID_VALUE', 'invalid value'],
      [{ rate: -1 }, 'MQ_INVALID_VALUE', 'invalid value'],
      [{ count: 1.5 }, 'MQ_INVALID_VALUE', 'invalid value'],
      [{ ack: 'later' }, 'MQ_INVALID_VALUE', 'invalid value'],
      [{ mqueue: 'gone' }, 'MQ_NO_CONFIG', 'no configuration'],
    ] as const) {
      const { received, shows, add } = await start({}, consumer)
      await shows(text)
      const errors = () => received.filter(({ what }) => what === 'error')
      assert.deepEqual(
        errors().map(({ msg }) => msg.error?.code),
        [code],
      )
      await sleep(400)
      assert.equal(errors().length, 1)
      await add('a')
      await unload()
    }
  })
})

describe('mq-ack', () => {
  afterEach(unload)

  it('takes its action from its settings or from the message', async () => {
    const nodes = [
      config([{ name: 'q', retryDelay: 0, deadLetter: 'dead' }, { name: 'dead' }]),
      ADD,
      { id: 'fetch', type: 'mq-fetch', queue: 'q', lease: 60 },
      { id: 'dead', type: 'mq-fetch', queue: 'dead', lease: '60' },
      { id: 'by', type: 'mq-ack', action: 'mqack', actionType: 'msg' },
      { id: 'retry', type: 'mq-ack', action: 'retry' },
      { id: 'extend', type: 'mq-ack', action: 'extend', lease: '5' },
      { id: 'wrong', type: 'mq-ack', action: 'finish' },
      SIZE,
    ]
    const { run } = await load(nodes)
    await run('add', { topic: 'a', payload: 1 })
    const take = async (id = 'fetch') => (await run(id, {})).out[0] as unknown as Handed
    let item = await take()
    assert.deepEqual([item.mqk, item.mqv, item.mqattempt], ['a', 1, 1])
    assert.equal((await run('retry', { ...item })).out[0]?.mqsize, 1)
    item = await take()
    assert.equal(item.mqattempt, 2)
    assert.equal((await run('by', { ...item, mqack: 'release' })).done, 1)
    item = await take()
    assert.equal(item.mqattempt, 2)
    const extended = (await run('extend', { ...item })).out[0] as unknown as Handed
    assert.deepEqual([extended.mqlease, extended.mqattempt], [item.mqlease, 2])
    const wrong = await run('wrong', { ...item })
    assert.equal(wrong.error?.code, 'MQ_INVALID_VALUE')
    assert.match(wrong.error?.message ?? '', /ack, retry, reject, release, extend, not "finish"/)
    await run('by', { ...item, mqack: 'reject' })
    const dead = await take('dead')
    assert.deepEqual([dead.mqk, dead.mqreason, dead.mqueue], ['a', 'rejected', 'q'])
    assert.equal((await run('by', { ...dead, mqack: 'ack' })).out[0]?.mqsize, 0)
  })

  it('knows a lease that is none from one that has ended, and names those of a list', async () => {
    const { got, add, come, run } = await start({}, { inFlight: 2 })
    await add('a', 'b')
    await come(2)
    for (const mqlease of [undefined, null, 5, '', 'no lease', [], ['q:x', 7], {}]) {
      const { error, out } = await run('ack', { _msgid: 'none', mqlease })
      assert.equal(error?.code, 'MQ_INVALID_LEASE', `${mqlease}`)
      assert.equal(out[0], undefined)
    }
    const [a, b] = got as [Handed, Handed]
    await run('ack', { ...a })
    const again = await run('ack', { ...a })
    assert.equal(again.error?.code, 'MQ_LEASE_LOST')
    const list = await run('ack', { mqlease: [a.mqlease, b.mqlease] })
    assert.equal(list.error?.code, 'MQ_LEASE_LOST')
    assert.ok(list.error?.message.includes(a.mqlease) && !list.error.message.includes(b.mqlease))
    assert.equal((await run('ack', { ...b })).error?.code, 'MQ_LEASE_LOST')
    assert.equal((await run('ack', { mqlease: 'gone:x-1' })).error?.code, 'MQ_UNKNOWN_QUEUE')
  })

  it('finds the lease by the id of a message that has lost it', async () => {
    const { got, add, come, run, size } = await start()
    await add('a')
    await come(1)
    const { out } = await run('ack', { _msgid: got[0]?._msgid, payload: 'new' })
    assert.deepEqual([out[0]?.payload, out[0]?.mqsize], ['new', 0])
    assert.deepEqual(await size(), { size: 0, leased: 0 })
  })

  it('names no lease by an id that two messages have', async () => {
    const fetch = (id: string) => ({ id, type: 'mq-fetch', queue: 'q', lease: 60 })
    const { run } = await load([
      config([{ name: 'q' }]),
      ADD,
      fetch('one'),
      fetch('two'),
      ACK,
      SIZE,
    ])
    for (const topic of 'ab') await run('add', { topic, payload: 1 })
    const first = (await run('one', { _msgid: 'same' })).out[0] as unknown as Handed
    await run('two', { _msgid: 'same' })
    assert.equal((await run('ack', { _msgid: 'same' })).error?.code, 'MQ_INVALID_LEASE')
    assert.equal((await run('ack', { ...first })).done, 1)
    assert.deepEqual((await run('size', {})).out[0]?.payload, { size: 0, leased: 1 })
  })

  it('takes a lease that a list names twice once, and a long list at once', async () => {
    const { got, add, come, run, size } = await start({}, { inFlight: 2, count: 2 })
    await run('control', { do: 'pause' })
    await add('a', 'b')
    await run('control', { do: 'resume' })
    await come(1)
    const [{ mqlease }] = got as unknown as [{ mqlease: string[] }]
    const list = [...mqlease, ...mqlease]
    assert.equal((await run('ack', { mqlease: list })).error, undefined)
    assert.deepEqual(await size(), { size: 0, leased: 0 })
    const lost = Array.from({ length: 20_000 }, (_, i) => `q:gone-${i}`)
    const { error } = await run('ack', { mqlease: lost })
    assert.equal(error?.code, 'MQ_LEASE_LOST')
    assert.ok((error?.message.length ?? 0) < 1_000)
  })

  it('that takes its action from the message needs one there', async () => {
    const node = { id: 'by', type: 'mq-ack', action: 'mqack', actionType: 'msg' }
    const { run } = await load([config([{ name: 'q' }]), node])
    assert.equal((await run('by', { mqlease: 'q:a-1' })).error?.code, 'MQ_INVALID_VALUE')
  })
})

describe('an item that comes back', () => {
  afterEach(unload)

  it('is as it was queued, whatever the flow has done with it', async () => {
    const { got, run, come } = await start({ retryDelay: 0 })
    await run('add', { topic: 'k', payload: { list: [1, 2, 3] } })
    for (let attempt = 1; attempt <= 3; attempt++) {
      await come(attempt)
      const item = got[attempt - 1] as Handed
      assert.deepEqual([item.payload, item.mqattempt], [{ list: [1, 2, 3] }, attempt])
      ;(item.payload as { list: number[] }).list.pop()
      await run('retry', { ...item })
    }
  })

  it('of a paused queue is not taken, and the message says how many wait', async () => {
    const nodes = [
      config([{ name: 'q' }]),
      ADD,
      { id: 'fetch', type: 'mq-fetch', queue: 'q', lease: 9 },
    ]
    const { run } = await load([...nodes, CONTROL])
    for (const topic of 'ab') await run('add', { topic, payload: 1 })
    await run('control', { do: 'pause' })
    const { out } = await run('fetch', {})
    assert.deepEqual([out[0], out[1]?.mqsize], [undefined, 2])
  })
})
