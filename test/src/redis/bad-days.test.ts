/** What is reported, and what recovers, when a Redis cannot do what it is asked. */
import assert from 'node:assert/strict'
import { type ErrorCode, MqueueError, parseDefinitions } from '../../../src/index.ts'
import { RedisEngine, type RedisPlace } from '../../../src/redis/engine.ts'
import { eventually } from '../../conformance/engine.ts'
import { Reports } from '../../support/databases.ts'
import { drained } from '../../support/drain.ts'
import { freePort } from '../../support/free-port.ts'
import {
  HAS_REDIS,
  type RedisOptions,
  RedisServer,
  startReplicated,
} from '../../support/redis-servers.ts'
import { requires } from '../../support/required.ts'

const USER = 'secret-user'
const PASSWORD = 'secret-password'

const { definitions } = parseDefinitions([
  { name: 'q', deadLetter: 'dead' },
  { name: 'dead' },
  { name: 'other' },
])

describe('a Redis on a bad day', function () {
  this.timeout(180_000)
  requires(HAS_REDIS, 'apt-get install redis-server')

  const servers: RedisServer[] = []
  const engines: RedisEngine[] = []
  let reports: Reports

  beforeEach(() => {
    reports = new Reports()
  })
  afterEach(async () => {
    for (const { message } of caught.splice(0)) hidesSecrets(message)
    for (const said of reports.said) hidesSecrets(said)
    for (const engine of engines.splice(0)) await engine.close()
    for (const server of servers.splice(0)) await server.stop()
  })

  const caught: MqueueError[] = []

  function hidesSecrets(text: string): void {
    assert.ok(!text.includes(USER) && !text.includes(PASSWORD), text)
  }

  async function serve(options?: RedisOptions): Promise<RedisServer> {
    const server = await RedisServer.start(options)
    servers.push(server)
    return server
  }

  async function start(place: RedisPlace): Promise<RedisEngine> {
    const engine = new RedisEngine(place, reports)
    engines.push(engine)
    await engine.define(definitions)
    return engine
  }

  /** The error of an operation that fails. */
  async function failure(
    operation: Promise<unknown>,
    code: ErrorCode = 'MQ_UNAVAILABLE',
  ): Promise<string> {
    const error = await operation.then(
      () => assert.fail('it has not failed'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof MqueueError, String(error))
    assert.equal(error.code, code, error.message)
    caught.push(error)
    return error.message
  }

  /** Waits until operations fail, and has some more fail. */
  async function fails(engine: RedisEngine, why: RegExp): Promise<void> {
    await eventually(async () => assert.match(await failure(engine.size('q')), why), 30_000)
    for (let i = 0; i < 5; i++) {
      await Promise.all([
        failure(engine.add('q', 'k', 'not added')),
        failure(engine.fetch('q')),
        failure(engine.take('other', { lease: 1_000 })),
      ])
    }
    assert.throws(() => engine.known('q'), { code: 'MQ_UNAVAILABLE' })
  }

  const worksAgain = (engine: RedisEngine) =>
    eventually(async () => void (await engine.size('q')), 30_000)

  const toldOf = (what: RegExp) => reports.said.filter((said) => what.test(said)).length

  /** What went wrong was reported once, and its end as well. */
  function wasReportedOnce(times = 1): void {
    assert.equal(toldOf(/^error:/), times, reports.said.join('\n'))
    assert.equal(toldOf(/^info: .* works again/), times, reports.said.join('\n'))
  }

  it('is away at the start, and there later', async () => {
    const port = await freePort()
    const engine = await start({ redisUrl: `redis://127.0.0.1:${port}` })
    await fails(engine, /ECONNREFUSED/)
    assert.equal(toldOf(/^error:/), 1)
    await serve({ port })
    await worksAgain(engine)
    await engine.add('q', 'k', 'v')
    assert.equal((await engine.fetch('q'))?.value, 'v')
    wasReportedOnce()
  })

  it('is restarted and killed, and keeps what it had answered', async () => {
    const server = await serve({ settings: { appendonly: 'yes', appendfsync: 'always' } })
    const engine = await start({ redisUrl: server.url })
    for (const [times, end] of [() => server.shutDown(), () => server.kill()].entries()) {
      for (const key of 'abc') await engine.add('q', key, key)
      const [a] = await engine.take('q', { lease: 60_000 })
      await end()
      await fails(engine, /ECONNREFUSED/)
      server.launch()
      await worksAgain(engine)
      assert.deepEqual(await engine.acknowledge('q', [a?.lease as string]), [true])
      assert.deepEqual(
        (await drained(engine)).map(({ value }) => value),
        ['b', 'c'],
      )
      wasReportedOnce(times + 1)
    }
  })

  it('loads what it has saved: what is asked for meanwhile waits', async () => {
    const server = await serve()
    const engine = await start({ redisUrl: server.url })
    await engine.add('q', 'k', 'first')
    const fill = `for i = 1, 3000 do redis.call('SET', 'filler' .. i, string.rep('x', 100)) end`
    await server.command('EVAL', fill, 0)
    await server.command('SAVE')
    await server.kill()
    const slowly = { 'key-load-delay': '10000', 'loading-process-events-interval-bytes': '1024' }
    server.launch(slowly)
    await eventually(async () => assert.equal(await server.info('loading'), '1'), 30_000)
    const added = eventually(async () => void (await engine.add('q', 'k', 'second')), 30_000)
    await server.command('CONFIG', 'SET', 'key-load-delay', 0)
    await added
    assert.deepEqual(
      (await drained(engine)).map(({ value }) => value),
      ['first', 'second'],
    )
    assert.ok(toldOf(/^error:/) <= 1, reports.said.join('\n'))
  })

  it('is a replica, until it is promoted', async () => {
    const [master, replica] = await startReplicated()
    servers.push(replica, master)
    const engine = await start({ redisUrl: replica.url })
    await fails(engine, /READONLY/)
    await replica.command('REPLICAOF', 'NO', 'ONE')
    await worksAgain(engine)
    await engine.add('q', 'k', 'v')
    assert.equal(await engine.size('q'), 1)
    wasReportedOnce()
  })

  it('becomes a replica under way', async () => {
    const other = await serve()
    const server = await serve()
    const engine = await start({ redisUrl: server.url })
    await engine.add('q', 'k', 'v')
    await server.command('REPLICAOF', '127.0.0.1', other.port)
    await fails(engine, /READONLY/)
    await server.command('REPLICAOF', 'NO', 'ONE')
    await worksAgain(engine)
    wasReportedOnce()
  })

  it('has a full memory: adds are refused, and what makes room goes on', async () => {
    const server = await serve({ settings: { maxmemory: '6mb' } })
    const engine = await start({ redisUrl: server.url })
    const large = 'x'.repeat(100_000)
    let added = 0
    let refused = ''
    while (refused === '') {
      try {
        await engine.add('q', `${added}`, large)
        added++
        assert.ok(added < 1_000)
      } catch (error) {
        refused = (error as Error).message
        assert.equal((error as MqueueError).code, 'MQ_UNAVAILABLE')
      }
    }
    assert.match(refused, /OOM/)
    for (let i = 0; i < 5; i++) await failure(engine.add('q', 'k', large))
    assert.equal(toldOf(/^error:/), 1, reports.said.join('\n'))
    // One turn, in which one thing needs room and the others do not.
    const [add, fetched, [taken]] = await Promise.all([
      failure(engine.add('q', 'k', large)),
      engine.fetch('q'),
      engine.take('q', { lease: 60_000 }),
    ])
    assert.match(add, /OOM/)
    assert.deepEqual([fetched?.key, taken?.key], ['0', '1'])
    assert.deepEqual(await engine.acknowledge('q', [taken?.lease as string]), [true])
    const rest = (await drained(engine)).map(({ key }) => key)
    const expected = Array.from({ length: added - 2 }, (_, i) => `${i + 2}`)
    assert.deepEqual(rest, expected)
    await eventually(async () => void (await engine.add('q', 'k', 'v')))
    wasReportedOnce()
  })

  it('wants a password, and is not given one', async () => {
    const server = await serve({ password: PASSWORD })
    const engine = await start({ redisUrl: server.url })
    await fails(engine, /NOAUTH/)
    await server.command('ACL', 'SETUSER', 'default', 'nopass')
    await worksAgain(engine)
    wasReportedOnce()
  })

  for (const [what, place] of [
    [
      'in its address',
      ({ url }: RedisServer) => ({ redisUrl: url.replace('//', `//${USER}:${PASSWORD}@`) }),
    ],
    ['beside it', ({ url }: RedisServer) => ({ redisUrl: url, user: USER, password: PASSWORD })],
  ] as const) {
    it(`is given a wrong password ${what}`, async () => {
      const server = await serve()
      const engine = await start(place(server))
      await fails(engine, /WRONGPASS/)
      await server.command('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
      await worksAgain(engine)
      wasReportedOnce()
    })
  }

  it('lets its user do nothing', async () => {
    const server = await serve()
    await server.command(
      'ACL',
      'SETUSER',
      USER,
      'on',
      `>${PASSWORD}`,
      '~*',
      '&*',
      '+hello',
      '+info',
    )
    const engine = await start({ redisUrl: server.url, user: USER, password: PASSWORD })
    await fails(engine, /NOPERM/)
    await server.command('ACL', 'SETUSER', USER, '+@all')
    await worksAgain(engine)
    wasReportedOnce()
  })

  it('takes the rights of its user away', async () => {
    const server = await serve()
    await server.command('ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all')
    const engine = await start({ redisUrl: server.url, user: USER, password: PASSWORD })
    await engine.add('q', 'k', 'v')
    await server.command('ACL', 'SETUSER', USER, '-evalsha', '-eval')
    for (let i = 0; i < 5; i++) assert.match(await failure(engine.size('q')), /NOPERM/)
    assert.equal(toldOf(/^error:/), 1, reports.said.join('\n'))
    await server.command('ACL', 'SETUSER', USER, '+@all')
    await worksAgain(engine)
    wasReportedOnce()
  })

  for (const key of ['', ':items', ':leases', ':leased', ':delayed', ':waiting']) {
    it(`has something else under {…}:q${key}`, async () => {
      const server = await serve()
      const engine = await start({ redisUrl: server.url })
      await server.command('DEL', `{mqueue}:q${key}`)
      await server.command('SET', `{mqueue}:q${key}`, 'something else')
      for (let i = 0; i < 5; i++) {
        const asked = [engine.add('q', 'k', i), engine.take('q', { lease: 1_000 })]
        const outcomes = await Promise.allSettled(asked)
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled') continue
          assert.match(await failure(Promise.reject(outcome.reason)), /WRONGTYPE/)
        }
        // Other queues do not feel it.
        await engine.add('other', 'k', i)
      }
      assert.equal(await engine.size('other'), 5)
      assert.ok(toldOf(/^error:/) <= 1, reports.said.join('\n'))
      await server.command('DEL', `{mqueue}:q${key}`)
      await worksAgain(engine)
      await engine.clear('q')
      await engine.add('q', 'k', 'v')
      assert.equal((await engine.fetch('q'))?.value, 'v')
    })
  }

  for (const [addmode, key] of [
    [0, 'q:items'],
    [1, 'q:order'],
    [1, 'q:values'],
    [0, 'dead'],
    [0, 'dead:items'],
    [1, 'dead:order'],
    [1, 'dead:values'],
  ] as const) {
    it(`has something else under {…}:${key}, where an item must go (addmode ${addmode})`, async () => {
      const server = await serve()
      const engine = await start({ redisUrl: server.url })
      const inputs = definitions.map((one) => ({ ...one, addmode, edited: 1 }))
      await engine.define(parseDefinitions(inputs).definitions)
      await engine.add('q', 'k', 'v')
      const [taken] = await engine.take('q', { lease: 3_600_000 })
      await server.command('DEL', `{mqueue}:${key}`)
      await server.command('SET', `{mqueue}:${key}`, 'something else')
      const leases = [taken?.lease as string]
      const end = key.startsWith('q') ? engine.release('q', leases) : engine.reject('q', leases)
      // Whether it is refused or done later, the item is somewhere in the end.
      await end.catch((error) => assert.equal(error.code, 'MQ_UNAVAILABLE'))
      await server.command('DEL', `{mqueue}:${key}`)
      await eventually(async () => {
        const [{ size, leased }, dead] = [await engine.stats('q'), await engine.size('dead')]
        assert.equal(size + leased + dead, 1, 'the item is lost')
      })
    })
  }

  for (const [what, cell] of [
    ['is not a cell', 'garbage'],
    ['has a value that is not of its type', '0000000000\0v8\0k\0AAAA'],
    ['has a type that nobody knows', '0000000000\0nonsense\0k\0v'],
  ] as const) {
    it(`has an item that ${what}, between good ones`, async () => {
      const server = await serve()
      const engine = await start({ redisUrl: server.url })
      const spoil = async () => {
        await engine.add('q', 'a', 'a')
        await server.command('RPUSH', '{mqueue}:q:items', cell)
        await engine.add('q', 'b', 'b')
      }
      await spoil()
      const seen = await engine.peek('q', 3)
      assert.deepEqual(
        seen.map(({ value, problem }) => problem?.code ?? value),
        ['a', 'MQ_INVALID_VALUE', 'b'],
      )
      assert.equal(await engine.remove('q', 'none'), 0)
      assert.deepEqual(await outcomes(engine, () => engine.fetch('q')), ['a', 'bad', 'b'])

      await spoil()
      const take = async () => (await engine.take('q', { lease: 60_000 }))[0]
      assert.deepEqual(await outcomes(engine, take), ['a', 'bad', 'b'])

      await spoil()
      const taken = await engine.take('q', { lease: 60_000, count: 3 })
      assert.deepEqual(
        taken.map(({ value }) => value),
        ['a', 'b'],
      )

      await spoil()
      const unique = parseDefinitions([{ name: 'q', addmode: 1, edited: 1 }])
      await engine.define(unique.definitions)
      const left = await outcomes(engine, () => engine.fetch('q'))
      assert.deepEqual(
        left.filter((one) => one !== 'bad'),
        ['a', 'b'],
      )
    })
  }

  /** What becomes of the items of a queue: their values, or `bad` for what cannot be read. */
  async function outcomes(
    engine: RedisEngine,
    next: () => Promise<{ value: unknown } | undefined>,
  ): Promise<unknown[]> {
    const all: unknown[] = []
    while ((await engine.size('q')) > 0) {
      try {
        const item = await next()
        // What cannot be read may be reported in the log alone.
        all.push(item === undefined ? 'bad' : item.value)
      } catch (error) {
        assert.equal((error as MqueueError).code, 'MQ_INVALID_VALUE', String(error))
        all.push('bad')
      }
    }
    return all
  }

  it('does nothing for a while: what was asked for fails, and counts at most once', async () => {
    const server = await serve()
    const engine = await start({ redisUrl: server.url })
    await engine.add('q', 'k', 'first')
    server.pause()
    try {
      const asked = [engine.add('q', 'k', 'second'), engine.fetch('q'), engine.size('q')]
      const messages = await Promise.all(asked.map((one) => failure(one)))
      for (const message of messages) assert.match(message, /does not answer/)
      for (let i = 0; i < 5; i++) await failure(engine.add('q', 'k', 'not added'))
    } finally {
      server.resume()
    }
    await worksAgain(engine)
    await engine.add('q', 'k', 'last')
    const left = async () => (await engine.peek('q', 9)).map(({ value }) => value).join(' ')
    // What had been fetched for nobody has come back.
    await eventually(async () => assert.match(await left(), /^first (second )?last$/))
    assert.ok(toldOf(/^error:/) <= 1, reports.said.join('\n'))
  })

  it('has forgotten the script', async () => {
    const server = await serve()
    const engine = await start({ redisUrl: server.url })
    await engine.add('q', 'k', 1)
    await server.command('SCRIPT', 'FLUSH')
    await engine.add('q', 'k', 2)
    assert.equal(await engine.size('q'), 2)
    assert.equal(toldOf(/^error:/), 0)
  })

  it('has forgotten everything: the queues are defined again', async () => {
    const server = await serve()
    const engine = await start({ redisUrl: server.url })
    await engine.add('q', 'k', 1)
    const [taken] = await engine.take('q', { lease: 60_000 })
    for (const flush of [['FLUSHALL'], ['FLUSHALL']]) {
      await server.command(...flush)
      await Promise.all([engine.add('q', 'k', 2), engine.add('other', 'k', 3)])
      assert.equal(await engine.size('q'), 1)
      assert.deepEqual(await engine.acknowledge('q', [taken?.lease as string]), [false])
      assert.equal((await engine.fetch('q'))?.value, 2)
    }
    assert.equal(await server.command('HGET', '{mqueue}:q', 'deadLetter'), 'dead')
    assert.equal(toldOf(/^error:/), 0, reports.said.join('\n'))
  })
})
