/** A server that goes and comes, and a network between it and the store that does what networks do. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dbmode, LocalEngine } from '../../../src/index.ts'
import { answerRpc } from '../../../src/rpc.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { onEachDatabase, Reports } from '../../support/databases.ts'
import { TcpProxy } from '../../support/proxy.ts'

onEachDatabase('a network', (database, { name }) => {
  if (name === 'SQLite') return

  let proxy: TcpProxy
  let reports: Reports
  const engines: LocalEngine[] = []
  beforeEach(async () => {
    const { port } = new URL(database().location.url as string)
    proxy = new TcpProxy(Number(port))
    await proxy.start()
    reports = new Reports()
  })
  afterEach(async () => {
    proxy.frozen = false
    for (const engine of engines.splice(0)) await engine.close()
    await proxy.stop()
  })

  async function start(dbmode: Dbmode): Promise<LocalEngine> {
    const url = new URL(database().location.url as string)
    url.port = String(proxy.port)
    // PostgreSQL trusts whoever comes from here, whatever the password.
    if (name === 'PostgreSQL') url.password = 'secret'
    const engine = new LocalEngine({ ...database().location, url: url.href }, reports)
    engines.push(engine)
    await engine.define([defined('q', 0, 0, dbmode), defined('plain')])
    return engine
  }

  const add = async (engine: LocalEngine, value: unknown) => engine.add('q', 'k', value)
  const unavailable = { code: 'MQ_UNAVAILABLE' }
  const works = (engine: LocalEngine) => eventually(async () => void (await engine.size('q')))
  const values = async () =>
    (await database().query('select val from "q" order by id')).map(({ val }) => val)

  it('that is not there at the start leaves the other queues alone, and is tried until it comes', async () => {
    await proxy.stop()
    for (const dbmode of [1, 4] as const) {
      const engine = await start(dbmode)
      assert.equal(engine.loaded('q'), undefined)
      const asked = performance.now()
      await assert.rejects(async () => add(engine, 1), unavailable)
      await assert.rejects(async () => engine.fetch('q'), unavailable)
      await assert.rejects(async () => engine.size('q'), unavailable)
      // An attempt at the database would have to wait for the next one, which is seconds away.
      assert.ok(performance.now() - asked < 1_000, 'at once')
      assert.equal((await engine.add('plain', 'k', 1)).size, 1)
      assert.deepEqual(await engine.sizes(), new Map([['plain', 1]]))
      const request = { jsonrpc: '2.0', id: 1, method: 'mqueue.get_sizes' }
      const { result } = (await answerRpc(request, new Map([['id', engine]]))) as {
        result: unknown
      }
      assert.deepEqual(result, [
        { name: 'q', size: null, code: 'MQ_UNAVAILABLE' },
        { name: 'plain', size: 1 },
      ])
      await proxy.start()
      await works(engine)
      assert.equal((await add(engine, 'v')).size, 1)
      await proxy.stop()
    }
    const errors = reports.said.filter((said) => said.startsWith('error'))
    assert.match(errors[0] ?? '', /ECONNREFUSED/)
    assert.doesNotMatch(reports.said.join(), /secret/)
  })

  it('that cuts the connection fails what is under way, and work goes on by itself', async () => {
    const engine = await start(4)
    await add(engine, 'before')
    for (let round = 0; round < 5; round++) {
      const adding = Promise.allSettled([add(engine, `a${round}`), add(engine, `b${round}`)])
      if (round % 2 === 0) await sleep(0)
      proxy.cut()
      const outcomes = await adding
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'MQ_UNAVAILABLE')
      }
      await works(engine)
      const kept = outcomes.filter(({ status }) => status === 'fulfilled').length
      assert.ok(kept === 0 || kept === 2, 'a turn is committed as a whole')
    }
    // The last cut may be noticed only by what comes after it.
    await eventually(async () => void (await add(engine, 'after')))
    assert.equal(await engine.size('q'), (await values()).length)
    assert.equal((await values()).at(0), 'before')
    assert.equal((await values()).at(-1), 'after')
  })

  it('that cuts an idle connection is noticed', async () => {
    const engine = await start(4)
    await add(engine, 'before')
    proxy.cut()
    await eventually(async () => assert.equal(proxy.connections, 1))
    await works(engine)
    await eventually(async () => void (await add(engine, 'after')))
    assert.deepEqual(await values(), ['before', 'after'])
  })

  it('that is slow only makes it slow', async () => {
    const engine = await start(4)
    proxy.delay = 150
    await Promise.all([add(engine, 1), add(engine, 2)])
    assert.deepEqual(await values(), ['1', '2'])
    assert.equal((await engine.fetch('q'))?.value, 1)
  })

  it('that closes a connection in one direction is noticed, and work goes on', async () => {
    const engine = await start(4)
    await add(engine, 'before')
    proxy.halfClose()
    await eventually(async () => void (await add(engine, 'after')))
    assert.deepEqual(await values(), ['before', 'after'])
  })

  it('that swallows everything fails what waits, and the server is made to let go', async function () {
    this.timeout(180_000)
    const engine = await start(4)
    await add(engine, 'before')
    proxy.frozen = true
    await assert.rejects(add(engine, 'lost'), unavailable)
    await assert.rejects(async () => add(engine, 'refused'), unavailable)
    // The old connection stays as it is, and the server believes in it.
    proxy.frozen = false
    await works(engine)
    await add(engine, 'after')
    assert.deepEqual(await values(), ['before', 'after'])
  })

  it('that is gone at the save leaves a rescue file, and the next load begins with it', async () => {
    const engine = await start(1)
    await add(engine, { n: 1 })
    await proxy.stop()
    await engine.save()
    assert.match(reports.said.join('\n'), /Queue "q": 1 items are not saved/)
    await proxy.start()
    const next = await start(1)
    assert.deepEqual((await next.fetch('q'))?.value, { n: 1 })
  })
})
