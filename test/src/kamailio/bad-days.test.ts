/** What becomes of the queues of a real Kamailio when it, or what is between, has a bad day. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { KamailioEngine, type KamailioPlace, MqueueError } from '../../../src/index.ts'
import { defined, eventually } from '../../conformance/engine.ts'
import { type Answer, Front, type FrontOptions } from '../../kamailio/front.ts'
import { kamailioVersion, Rig } from '../../kamailio/rig.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { Reports } from '../../support/databases.ts'
import { freePort } from '../../support/free-port.ts'
import { TcpProxy } from '../../support/proxy.ts'
import { requires } from '../../support/required.ts'

const MISSING = 'apt-get install kamailio kamailio-json-modules'
const QUEUES = ['q', 'r']

/** Waits for an error, and returns its text. */
async function unavailable(operate: () => Promise<unknown>): Promise<string> {
  let text = ''
  await assert.rejects(operate, (error) => {
    assert.ok(error instanceof MqueueError && error.code === 'MQ_UNAVAILABLE', String(error))
    text = error.message
    return true
  })
  return text
}

describe('the queues of a Kamailio on a bad day', function () {
  this.timeout(180_000)
  requires(kamailioVersion() !== undefined, MISSING)

  let port: number
  let rig: Rig | undefined
  let proxy: TcpProxy
  const engines: KamailioEngine[] = []
  const reports: Reports[] = []
  const fronts: Front[] = []

  const startRig = async (queues = QUEUES) => {
    rig = await Rig.start({ port, queues: queues.map((name) => `name=${name}`) })
  }
  const stopRig = async () => {
    await rig?.stop()
    rig = undefined
  }

  before(async () => {
    port = await freePort()
    await startRig()
    proxy = new TcpProxy(port)
    await proxy.start()
  })
  beforeEach(async () => {
    for (const q of QUEUES) while (((await rig?.play({ op: 'fetch', q }))?.rc ?? 0) > 0);
  })
  afterEach(async () => {
    Object.assign(proxy, { frozen: false, delay: 0, swallowsReplies: false })
    for (const engine of engines.splice(0)) await engine.close()
    for (const front of fronts.splice(0)) await front.stop()
  })
  after(async () => {
    await proxy?.stop()
    await stopRig()
  })

  async function make(place: KamailioPlace = {}, queues = QUEUES): Promise<KamailioEngine> {
    const report = new Reports()
    const rpcUrl = `http://127.0.0.1:${proxy.port}/RPC`
    const engine = new KamailioEngine({ rpcUrl, poll: 0.05, ...place }, report)
    engines.push(engine)
    reports.push(report)
    await engine.define(queues.map((name) => defined(name)))
    return engine
  }

  async function front(options: FrontOptions = {}): Promise<Front> {
    const made = await Front.start(() => port, options)
    fronts.push(made)
    return made
  }

  const said = () => reports.at(-1)?.said ?? []
  const add = async (key: string, val = key, q = 'q') => {
    assert.equal((await rig?.play({ op: 'add', q, key, val }))?.rc, 1)
  }

  it('that is away at the start heals by itself, and tells so once', async () => {
    await stopRig()
    const rpcUrl = `http://127.0.0.1:${port}/RPC`
    const engine = await make({ rpcUrl })
    engine.watch('q', () => {})
    const text = `Kamailio at 127.0.0.1:${port} cannot be used: the connection was refused. Check that it runs, and its address, user and password.`
    assert.equal(await unavailable(() => engine.fetch('q')), text)
    assert.throws(() => engine.known('q'), { code: 'MQ_UNAVAILABLE' })
    await sleep(500)
    for (const operate of [
      () => engine.size('q'),
      () => engine.sizes(),
      () => engine.stats('q'),
      () => engine.take('q', { count: 5 }),
    ]) {
      await unavailable(operate)
    }
    await startRig()
    // Nobody asks for anything: it is tried again since somebody watches.
    await eventually(async () => assert.equal(engine.known('q'), 0))
    await add('a')
    assert.equal((await engine.fetch('q'))?.key, 'a')
    const back = `Kamailio at 127.0.0.1:${port} works again.`
    assert.deepEqual(said(), [`error: ${text}`, `info: ${back}`])
  })

  it('that does not answer is given up after 5 s', async () => {
    const engine = await make()
    proxy.frozen = true
    const from = performance.now()
    assert.match(await unavailable(() => engine.size('q')), /it has not answered in 5 s/)
    assert.ok(performance.now() - from >= 4_900)
    proxy.frozen = false
    proxy.cut()
    await eventually(async () => assert.equal(await engine.size('q'), 0))
  })

  it('is not asked before the next attempt is due, and whoever asks learns why', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    via.rule = () => ({ status: 401, body: '' })
    const from = performance.now()
    const before = via.calls.length
    let asked = 0
    while (performance.now() - from < 1_000) {
      await unavailable(() => engine.size('q'))
      await unavailable(() => engine.fetch('q'))
      await unavailable(() => engine.take('q', { wait: 60_000 }))
      await unavailable(() => engine.take('q', { wait: Number.POSITIVE_INFINITY }))
      asked += 4
      await nextTurn()
    }
    // At once, and 100, 300, 700, 1,500, 3,100 ms later.
    const attempts = via.calls.length - before
    const seconds = (performance.now() - from) / 1_000
    assert.ok(attempts <= 5 + Math.log2(Math.max(1, seconds)), `${attempts} in ${seconds} s`)
    assert.ok(asked > 2 * attempts)
  })

  it('that was restarted serves those who wait again', async () => {
    const engine = await make()
    const takers = ['q', 'r'].map((queue) => engine.take(queue, { wait: Number.POSITIVE_INFINITY }))
    await eventually(async () => assert.equal((await engine.stats('q')).waiting, 1))
    const failed = Promise.all(takers.map((taker) => unavailable(() => taker)))
    await stopRig()
    await failed
    await startRig()
    await eventually(async () => assert.equal(await engine.size('q'), 0))
    const again = engine.take('q', { wait: Number.POSITIVE_INFINITY })
    await add('a')
    assert.deepEqual(
      (await again).map(({ key }) => key),
      ['a'],
    )
    assert.equal(said().filter((text) => text.startsWith('error')).length, 1)
    assert.equal(said().filter((text) => text.endsWith('works again.')).length, 1)
  })

  it('that is slow is waited for', async () => {
    const engine = await make()
    proxy.delay = 300
    await add('a', 'slow')
    const { key, value } = (await engine.fetch('q')) ?? {}
    assert.deepEqual([key, value], ['a', 'slow'])
    assert.deepEqual(said(), [])
  })

  it('whose idle connection was closed is asked on a new one', async () => {
    const engine = await make()
    for (const end of [() => proxy.halfClose(), () => proxy.cut()]) {
      end()
      assert.equal(await engine.size('q'), 0)
    }
    assert.deepEqual(said(), [])
  })

  it('whose connection is closed just as it is asked is asked again, where that does no harm', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    await add('a')
    let cuts = 1
    via.rule = () => (cuts-- > 0 ? 'cut' : undefined)
    assert.equal(await engine.size('q'), 1)
    assert.deepEqual(said(), [])
  })

  it('that is cut before its answer to a fetch tells what may be lost, and counts it', async () => {
    const engine = await make()
    for (const key of ['a', 'b', 'c']) await add(key)
    await engine.size('q')
    proxy.cutAtReply()
    const text = await unavailable(() => engine.fetch('q'))
    assert.match(text, /the connection was cut before the answer was there/)
    await eventually(async () => assert.equal((await engine.fetch('q'))?.key, 'b'))
    const { size, fetched, dropped, added } = await engine.stats('q')
    assert.deepEqual([size, fetched, dropped, added], [1, 1, { lost: 1 }, 3])
    assert.equal(said().length, 1, said().join('\n'))
    assert.match(
      said()[0] ?? '',
      /^warn: Queue "q": the answer of Kamailio at \S+ to a fetch is lost, because the connection was cut.* Items lost so far: 1\.$/,
    )
  })

  it('that is cut so leaves those who wait waiting', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    let cuts = 1
    via.rule = ({ method }) => (method === 'mqueue.fetch' && cuts-- > 0 ? 'cut' : undefined)
    const taking = engine.take('q', { wait: Number.POSITIVE_INFINITY })
    await add('a')
    assert.deepEqual(
      (await taking).map(({ key }) => key),
      ['a'],
    )
    assert.equal((await engine.stats('q')).dropped.lost, 1)
  })

  it('keeps what it had got of several when the next is cut', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    for (const key of ['a', 'b', 'c']) await add(key)
    let fetches = 0
    via.rule = ({ method }) => (method === 'mqueue.fetch' && ++fetches === 3 ? 'cut' : undefined)
    const taken = await engine.take('q', { count: 10 })
    assert.deepEqual(
      taken.map(({ key }) => key),
      ['a', 'b'],
    )
  })

  const bodies: [what: string, answer: Answer, reason: RegExp, mayBeLost?: boolean][] = [
    [
      '401',
      { status: 401, body: 'no' },
      /its user or its password is missing or wrong \(HTTP 401\)/,
    ],
    ['403', { status: 403, body: '<html>' }, /does not let this host or this user in/],
    ['404', { status: 404, body: '<html>' }, /there is no RPC at the path of its address/],
    [
      'a redirection',
      { status: 302, body: '', headers: { Location: '/' } },
      /redirects to another address/,
    ],
    [
      'HTML',
      { status: 200, body: ' <!doctype html>' },
      /HTML instead of JSON-RPC \(HTTP 200\)/,
      true,
    ],
    [
      'HTML with 502',
      { status: 502, body: '<html>' },
      /HTML instead of JSON-RPC \(HTTP 502\)/,
      true,
    ],
    ['nothing', { status: 200, body: '' }, /nothing instead of JSON-RPC/, true],
    ['half of its JSON', { status: 200, body: '{"jsonrpc":"2.0","res' }, /something else/, true],
    ['other JSON', { status: 200, body: '[1]' }, /other JSON instead/, true],
    [
      'an answer to something else',
      { status: 200, body: '{"jsonrpc":"2.0","result":[],"id":99999}' },
      /other JSON instead/,
      true,
    ],
  ]
  for (const [what, answer, reason, mayBeLost = false] of bodies) {
    it(`that answers with ${what} is unavailable, and heals`, async () => {
      const via = await front()
      const engine = await make({ rpcUrl: via.url })
      await add('a')
      via.rule = () => answer
      assert.match(await unavailable(() => engine.size('q')), reason)
      via.rule = () => undefined
      await eventually(async () => assert.equal(await engine.size('q'), 1))
      via.rule = () => answer
      assert.match(await unavailable(() => engine.fetch('q')), reason)
      via.rule = () => undefined
      await eventually(async () => assert.equal((await engine.fetch('q'))?.key, 'a'))
      assert.equal((await engine.stats('q')).dropped.lost, mayBeLost ? 1 : 0)
    })
  }

  it('whose JSON has something else in it is unavailable', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    const result = (value: unknown) => {
      via.rule = () => undefined
      let id = 0
      via.rule = (call) => {
        id = (call as unknown as { id: number }).id
        return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', result: value, id }) }
      }
    }
    for (const wrong of [null, {}, 'q', [1], [{ name: 'q' }], [{ name: 'q', size: 'many' }]]) {
      result(wrong)
      await eventually(async () =>
        assert.match(await unavailable(() => engine.size('q')), /list of the sizes cannot be read/),
      )
    }
  })

  it('that does not speak HTTP, or no TLS, is unavailable with the reason', async () => {
    const other = createServer((socket) => socket.end('SIP/2.0 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const place = `127.0.0.1:${(other.address() as AddressInfo).port}`
    try {
      const plain = await make({ rpcUrl: `http://${place}` })
      assert.match(await unavailable(() => plain.size('q')), /it does not speak HTTP/)
      const secure = await make({ rpcUrl: `https://${place}` })
      assert.match(await unavailable(() => secure.size('q')), /it does not speak TLS/)
    } finally {
      other.close()
    }
  })

  it('that answers HTTP 101 is unavailable, and heals', async () => {
    const upgrade =
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sip\r\n\r\n'
    const other = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write(upgrade))
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = other.address() as AddressInfo
      const engine = await make({ rpcUrl: `http://127.0.0.1:${port}` })
      assert.match(await unavailable(() => engine.size('q')), /cut before the answer was there/)
    } finally {
      other.close()
    }
  })

  it('whose answer repeats the login does not have it shown', async () => {
    const via = await front()
    const login = 'node-red:s3cret/+'
    const url = via.url.replace('//', '//node-red:s3cret%2F%2B@')
    const engine = await make({ rpcUrl: url })
    via.rule = (call) => {
      const { id } = call as unknown as { id: number }
      const basic = Buffer.from(login).toString('base64')
      const error = { code: 500, message: `no ${login}, s3cret%2F%2B, Basic ${basic}` }
      return { status: 500, body: JSON.stringify({ jsonrpc: '2.0', error, id }) }
    }
    const texts = [await unavailable(() => engine.size('q')), ...said()]
    assert.match(texts.join(), /it answers "no \*\*\*:\*\*\*, \*\*\*, Basic \*\*\*"/)
    assert.doesNotMatch(texts.join(), /s3cret|bm9kZS1yZWQ/)
  })

  it('without mqueue says what to load', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    via.rule = (call) => {
      const { id } = call as unknown as { id: number }
      const error = { code: 500, message: 'Method Not Found' }
      return { status: 500, body: JSON.stringify({ jsonrpc: '2.0', error, id }) }
    }
    const text = await unavailable(() => engine.size('q'))
    assert.match(text, /it answers "Method Not Found"\. Load mqueue\.so there/)
  })

  it('with an answer longer than can be taken loses its item, and says so', async () => {
    const via = await front()
    const engine = await make({ rpcUrl: via.url })
    await add('a')
    const long = Buffer.alloc(64 * 1024 * 1024 + 1, 0x20)
    via.rule = ({ method }) => (method === 'mqueue.fetch' ? { status: 200, body: long } : undefined)
    assert.match(await unavailable(() => engine.fetch('q')), /its answer is longer than \d+ bytes/)
    assert.match(said().join(), /Items lost so far: 1/)
  })

  it('that lacks a queue says so, and takes it when it is there', async () => {
    const engine = await make({ rpcUrl: `http://127.0.0.1:${port}/RPC` }, ['q', 'new'])
    engine.watch('new', () => {})
    const text = `Kamailio at 127.0.0.1:${port} has no queue "new". Define it there with modparam("mqueue", "mqueue", "name=new"), or choose another one.`
    for (const operate of [
      () => engine.size('new'),
      () => engine.fetch('new'),
      () => engine.stats('new'),
      () => engine.take('new', { wait: Number.POSITIVE_INFINITY }),
      async () => engine.known('new'),
    ]) {
      await assert.rejects(operate, { code: 'MQ_UNKNOWN_QUEUE', message: text })
    }
    assert.deepEqual([...(await engine.sizes()).keys()], ['q'])
    assert.deepEqual(said(), [`error: ${text}`])
    await stopRig()
    await startRig([...QUEUES, 'new'])
    await eventually(async () => assert.equal(await engine.size('new'), 0))
    await stopRig()
    await startRig()
  })

  it('that comes back without a queue tells those who wait for it', async () => {
    const engine = await make({ rpcUrl: `http://127.0.0.1:${port}/RPC`, poll: 1 })
    await stopRig()
    await startRig(['q'])
    // The restart came between two looks, so nobody has seen that it was away.
    const waiting = engine.take('r', { wait: Number.POSITIVE_INFINITY })
    await assert.rejects(waiting, { code: 'MQ_UNKNOWN_QUEUE' })
    await stopRig()
    await startRig()
  })

  it('loses what has an empty key or value, says so, and goes on with the next', async () => {
    const engine = await make()
    await add('', 'no key')
    await add('no value', '')
    await add('a')
    await add('b')
    assert.equal((await engine.fetch('q'))?.key, 'a')
    assert.equal((await engine.take('q', { wait: 1_000 }))[0]?.key, 'b')
    const { fetched, dropped, added } = await engine.stats('q')
    assert.deepEqual([fetched, dropped, added], [2, { lost: 2 }, 4])
    assert.equal(said().length, 1)
    assert.match(said()[0] ?? '', /has lost an item with an empty key or value/)
  })

  it('that sends what is not UTF-8 loses no byte', async () => {
    const engine = await make()
    const bytes = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))
    await rig?.run(
      'add',
      `;q=x71;k=x${Buffer.from('grüße').toString('hex')};v=x${bytes.toString('hex')}`,
    )
    const item = await engine.fetch('q')
    assert.equal(item?.key, 'grüße')
    assert.deepEqual(Buffer.from(item?.value as string, 'latin1'), bytes)
  })

  it('speaks TLS and asks for a password', async () => {
    const tls = mkdtempSync(join(tmpdir(), 'mqueue-tls-'))
    try {
      makeCertificate(tls)
      const via = await front({ tls, login: 'us:er-secret' })
      const ca = readFileSync(join(tls, 'server.crt'))
      await add('a')
      const login = { user: 'us', password: 'er-secret' }
      const engine = await make({ rpcUrl: via.url, tls: { ca }, ...login })
      assert.equal((await engine.fetch('q'))?.key, 'a')
      const within = via.url.replace('//', '//us:er-secret@')
      assert.equal(await (await make({ rpcUrl: within, tls: { ca } })).size('q'), 0)
      const unchecked = { rejectUnauthorized: false }
      assert.equal(await (await make({ rpcUrl: within, tls: unchecked })).size('q'), 0)
      for (const [place, reason] of [
        [{ tls: { ca } }, /its user or its password is missing or wrong/],
        [{ tls: { ca }, user: 'us', password: 'wrong-secret' }, /is missing or wrong/],
        [{ ...login, tls: {} }, /certificate/],
        [login, /certificate/],
      ] as const) {
        const other = await make({ rpcUrl: via.url, ...place })
        const text = await unavailable(() => other.size('q'))
        assert.match(text, reason)
        assert.doesNotMatch(text + said().join(), /secret/)
      }
    } finally {
      rmSync(tls, { recursive: true })
    }
  })
})
