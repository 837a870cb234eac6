/** What people see of queues, and do with them, over real HTTP, on real Node-RED processes. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Overview, QueueView } from '../../src/overview.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { type FlowNode, LINES, type Line, NodeRed, PROJECT } from '../support/node-red.ts'
import { isInstalled } from '../support/redis-servers.ts'
import { requires } from '../support/required.ts'
import { command, ownPrefixes, REDIS_URL } from '../support/shared-redis.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')

const placed = { z: 'tab', x: 1, y: 1 }

/** Values that JSON has no word for, made in a Function node. */
const HOSTILE = `[
  'text <b>&</b> \\u0000 \\ud800', Buffer.from('hello'), new Date(0), new Map([['a', 1]]), new Set([1]),
  [1, [2]], { a: { b: NaN } }, 10n ** 30n, true, -0, new Error('no'), 'x'.repeat(300), '😀'.repeat(150)
]`

/** Probes that add to, lease from and reject in a queue of a config node, and one request that adds what is hostile. */
const flow = (configs: FlowNode[]): FlowNode[] => [
  TAB,
  ...configs,
  ...configs
    .filter(({ type }) => type === 'mqueue')
    .flatMap(({ id: mqueue }) => [
      ...probe({ id: `add-${mqueue}`, type: 'mq-add', mqueue, queue: 'q', queueType: 'msg' }),
      ...probe({ id: `take-${mqueue}`, type: 'mq-fetch', mqueue, queue: 'q', lease: 60 }, 2),
      ...probe({ id: `reject-${mqueue}`, type: 'mq-ack', mqueue, action: 'reject' }),
    ]),
  { ...placed, id: 'in', type: 'http in', url: '/hostile', method: 'post', wires: [['make']] },
  {
    ...placed,
    id: 'make',
    type: 'function',
    func: `for (const payload of ${HOSTILE}) node.send([{ topic: 'k', payload }, null]); return [null, msg]`,
    outputs: 2,
    wires: [['hostile'], ['out']],
  },
  { ...placed, id: 'hostile', type: 'mq-add', mqueue: 'config', queue: 'hostile', wires: [[]] },
  { ...placed, id: 'out', type: 'http response', wires: [] },
]

const QUEUES = [
  { name: 'q', size: 100, attempts: 1, deadLetter: 'dead' },
  { name: 'dead' },
  { name: 'hostile' },
  { name: '..' },
]

interface Reply {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: each route has its own answer
  body: any
  type: string | null
}

/** Who asks a Node-RED, and how. */
class Client {
  readonly #nodeRed: NodeRed
  readonly #headers: Record<string, string>

  constructor(nodeRed: NodeRed, headers: Record<string, string> = {}) {
    this.#nodeRed = nodeRed
    this.#headers = headers
  }

  with(headers: Record<string, string>): Client {
    return new Client(this.#nodeRed, { ...this.#headers, ...headers })
  }

  async get(path: string): Promise<Reply> {
    const headers = this.#headers
    return read(await fetch(`${this.#nodeRed.url}/mqueue/${path}`, { headers }))
  }

  async post(path: string, body: unknown = {}): Promise<Reply> {
    return read(await this.#nodeRed.post(`mqueue/${path}`, body, this.#headers))
  }

  async queues(id = 'config'): Promise<readonly QueueView[]> {
    const { body } = await this.get('queues')
    return (body as Overview).nodes.find((node) => node.id === id)?.queues ?? []
  }

  /** The overview, as soon as it is new enough to show what it should. */
  async queueUntil(
    name: string,
    condition: (queue: QueueView) => boolean,
    id = 'config',
  ): Promise<QueueView> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const queue = (await this.queues(id)).find((one) => one.name === name)
      if (queue !== undefined && condition(queue)) return queue
      if (Date.now() > deadline) throw new Error(`looked in vain: ${JSON.stringify(queue)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text()
  const type = response.headers.get('content-type')
  const body = type?.startsWith('application/json') ? JSON.parse(text) : text
  return { status: response.status, body, type }
}

for (const line of Object.keys(LINES) as Line[]) {
  describe(`queues over HTTP in Node-RED ${line}`, function () {
    this.timeout(180_000)
    let nodeRed: NodeRed
    let client: Client
    before(async () => {
      nodeRed = await NodeRed.start({ line, flows: flow([config(QUEUES)]) })
      client = new Client(nodeRed)
    })
    after(() => nodeRed?.stop())
    beforeEach(async () => {
      for (const { name } of QUEUES) {
        const path = `config/queues/${name === '..' ? '%252e%252e' : name}/clear`
        assert.equal((await client.post(path)).status, 200)
      }
    })
    const add = (topic: string, payload: unknown, q = 'q') =>
      nodeRed.ask('add-config', { topic, payload, q })
    const items = async (queue = 'q', query = '') =>
      (await client.get(`config/queues/${queue}/items${query}`)).body.items

    it('shows all queues', async () => {
      await add('k', 1)
      const queue = await client.queueUntil('q', ({ size }) => size === 1)
      assert.deepEqual([queue.bound, queue.leased, queue.paused], [100, 0, false])
      const { body, type } = await client.get('queues')
      assert.equal(type, 'application/json; charset=utf-8')
      assert.ok(Math.abs(body.time - Date.now()) < 60_000)
      assert.deepEqual(
        body.nodes[0].queues.map(({ name, isDeadLetters }: QueueView) => [name, isDeadLetters]),
        QUEUES.map(({ name }) => [name, name === 'dead']),
      )
    })

    it('shows the items of a queue, part by part', async () => {
      for (let i = 0; i < 5; i++) await add(`k${i}`, { i })
      const { status, body } = await client.get('config/queues/q/items')
      assert.equal(status, 200)
      assert.equal(body.size, 5)
      const [{ id, age, ...first }] = body.items
      assert.equal(typeof id, 'string')
      assert.ok(age >= 0)
      const value = { value: '{"i":0}', kind: 'object', isCut: false }
      assert.deepEqual(first, { key: 'k0', ...value, attempt: 0 })
      const keys = async (query: string) =>
        (await items('q', query)).map(({ key }: { key: string }) => key)
      assert.deepEqual(await keys('?from=1&count=2'), ['k1', 'k2'])
      assert.deepEqual(await keys('?from=4'), ['k4'])
      assert.deepEqual(await keys('?from=5'), [])
      assert.deepEqual(await keys('?from=999999999999999'), [])
    })

    it('refuses to show what there is not', async () => {
      for (const [path, status, code] of [
        ['config/queues/q/items?count=0', 400, 'MQ_REFUSED'],
        ['config/queues/q/items?count=101', 400, 'MQ_REFUSED'],
        ['config/queues/q/items?from=-1', 400, 'MQ_REFUSED'],
        ['config/queues/q/items?from=1&from=2', 400, 'MQ_REFUSED'],
        ['config/queues/q/items?count=ten', 400, 'MQ_REFUSED'],
        ['nobody/queues/q/items', 404, 'MQ_NO_CONFIG'],
        ['config/queues/none/items', 404, 'MQ_UNKNOWN_QUEUE'],
        ['config/queues/%00%22/items', 404, 'MQ_UNKNOWN_QUEUE'],
        ['config/queues/__proto__/items', 404, 'MQ_UNKNOWN_QUEUE'],
        ['config/queues/q/items/12345', 404, 'MQ_UNKNOWN_ITEM'],
        ['config/queues/q/items/%2e%2e%2f', 404, 'MQ_UNKNOWN_ITEM'],
        ['config/queues/%E0%A4%A/items', 400, 'MQ_REFUSED'],
        ['%E0%A4%A/queues/q/items', 400, 'MQ_REFUSED'],
        ['config/queues/q/items/%E0%A4%A', 400, 'MQ_REFUSED'],
      ] as const) {
        const { status: found, body } = await client.get(path)
        assert.deepEqual([found, body.code], [status, code], path)
        assert.ok(body.message.length > 10, path)
      }
    })

    it('shows whatever is queued, cut to what a list shows', async () => {
      assert.equal((await nodeRed.post('hostile', {})).status, 200)
      const shown = await items('hostile')
      const seen = shown.map(({ kind, value }: Record<string, string>) => [kind, value])
      assert.deepEqual(seen, [
        ['text', 'text <b>&</b> \0 \ud800'],
        ['binary', '68656c6c6f'],
        ['date', '1970-01-01T00:00:00.000Z'],
        ['map', '[["a",1]]'],
        ['set', '[1]'],
        ['list', '[1,[2]]'],
        ['object', '{"a":{"b":NaN}}'],
        ['number', `1${'0'.repeat(30)}`],
        ['boolean', 'true'],
        ['number', '-0'],
        ['error', 'Error: no'],
        ['text', 'x'.repeat(200)],
        ['text', '😀'.repeat(100)],
      ])
      const [long, pairs] = shown.slice(-2)
      assert.deepEqual([long.isCut, pairs.isCut, shown[0].isCut], [true, true, false])
      const whole = await client.get(`config/queues/hostile/items/${encodeURIComponent(long.id)}`)
      const { status, body } = whole
      const all = { key: 'k', value: 'x'.repeat(300), kind: 'text', isCut: false }
      assert.deepEqual([status, body], [200, { id: long.id, ...all }])
    })

    it('cuts long keys too, and a whole item at a million characters', async () => {
      await add('k'.repeat(300), 'v'.repeat(1_500_000))
      const [item] = await items()
      assert.deepEqual([item.key.length, item.value.length, item.isCut], [200, 200, true])
      const { body } = await client.get(`config/queues/q/items/${item.id}`)
      assert.deepEqual([body.key.length, body.value.length, body.isCut], [300, 1_000_000, true])
    })

    it('removes one item, and says so when it is not there any more', async () => {
      for (const key of ['a', 'b', 'c']) await add(key, 1)
      const [, { id: item }] = await items()
      const { status, body } = await client.post('config/queues/q/remove', { item })
      assert.deepEqual([status, body], [200, { count: 1 }])
      const left = (await items()).map(({ key }: { key: string }) => key)
      assert.deepEqual(left, ['a', 'c'])
      for (const reply of [
        await client.post('config/queues/q/remove', { item }),
        await client.post('config/queues/q/remove', { item: '../../..' }),
        await client.post('config/queues/q/send-back', { item }),
        await client.get(`config/queues/q/items/${item}`),
      ]) {
        assert.deepEqual([reply.status, reply.body.code], [404, 'MQ_UNKNOWN_ITEM'])
      }
      assert.equal((await items()).length, 2)
    })

    it('clears, pauses and resumes, and shows that at once', async () => {
      for (const key of ['a', 'b', 'c']) await add(key, 1)
      const act = async (action: string) => (await client.post(`config/queues/q/${action}`)).body
      const seen = async () => (await client.queues()).find(({ name }) => name === 'q')
      assert.deepEqual(await act('pause'), { count: 0, paused: true })
      assert.equal((await seen())?.paused, true)
      assert.deepEqual(await act('resume'), { count: 0, paused: false })
      assert.equal((await seen())?.paused, false)
      assert.deepEqual(await act('clear'), { count: 3 })
      assert.equal((await seen())?.size, 0)
      assert.deepEqual(await act('clear'), { count: 0 })
    })

    async function bury(...keys: string[]): Promise<void> {
      for (const key of keys) {
        await add(key, 1)
        const { msg } = await nodeRed.ask('take-config')
        await nodeRed.ask('reject-config', { mqlease: msg?.mqlease })
      }
    }

    it('sends dead letters back, one or all', async () => {
      await bury('a', 'b', 'c')
      const dead = await items('dead')
      assert.equal(dead.length, 3)
      const { reason, queue } = dead[0]
      assert.deepEqual([reason, queue], ['rejected', 'q'])
      const one = await client.post('config/queues/dead/send-back', { item: dead[1].id })
      assert.deepEqual([one.status, one.body.count, one.body.left], [200, 1, 0])
      assert.deepEqual(
        (await items('q')).map(({ key }: { key: string }) => key),
        ['b'],
      )
      const { status, body } = await client.post('config/queues/dead/send-back')
      assert.deepEqual([status, body.count, body.left], [200, 2, 0])
      assert.equal((await items('q')).length, 3)
      assert.equal((await items('dead')).length, 0)
    })

    it('says why an item cannot go back', async () => {
      await add('stray', 1, 'dead')
      const { status, body } = await client.post('config/queues/dead/send-back')
      assert.deepEqual([status, body.count, body.left], [200, 0, 1])
      assert.ok(body.reason.length > 10)
    })

    it('reaches a queue whose name a browser takes for a directory', async () => {
      await add('k', 1, '..')
      assert.equal((await items('%252e%252e')).length, 1)
      assert.equal((await client.post('config/queues/%252E./clear')).body.count, 1)
    })

    it('refuses what it cannot read as a request', async () => {
      await add('a', 1)
      for (const [action, body, status] of [
        ['remove', {}, 400],
        ['remove', { item: 5 }, 400],
        ['remove', { item: '' }, 400],
        ['clear', { item: null }, 400],
        ['explode', {}, 404],
        ['peek', {}, 404],
        ['clear', '{oops', 400],
        ['clear', '5', 400],
        ['clear', '', 400],
        ['clear', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
        ['clear', { more: 'x'.repeat(1_000_000) }, 413],
        ['clear', { more: 'x'.repeat(6_000_000) }, 413],
      ] as const) {
        const reply = await client.post(`config/queues/q/${action}`, body)
        assert.deepEqual([reply.status, reply.body.code], [status, 'MQ_REFUSED'], action)
        assert.ok(reply.body.message.length > 10)
      }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
        const typed = client.with({ 'Content-Type': type })
        assert.equal((await typed.post('config/queues/q/clear', '{}')).status, 415)
      }
      assert.equal((await client.post('%E0%A4%A/queues/q/clear')).status, 400)
      assert.equal((await client.post('config/queues/none/clear')).status, 404)
      assert.equal((await client.post('nobody/queues/q/clear')).status, 404)
      assert.equal((await items()).length, 1)
    })

    it('keeps pages of other sites out', async () => {
      await add('a', 1)
      const [{ id }] = await items()
      for (const headers of [
        { Origin: 'http://other.example' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site', Origin: nodeRed.url },
      ] as Record<string, string>[]) {
        const other = client.with(headers)
        for (const reply of [
          await other.get('queues'),
          await other.get('metrics'),
          await other.get('config/queues/q/items'),
          await other.get(`config/queues/q/items/${id}`),
          await other.post('config/queues/q/clear'),
        ]) {
          assert.deepEqual([reply.status, reply.body.code], [403, 'MQ_REFUSED'])
        }
      }
      const own = client.with({ Origin: nodeRed.url, 'Sec-Fetch-Site': 'same-origin' })
      assert.equal((await own.post('config/queues/q/clear')).body.count, 1)
    })

    it('has metrics', async () => {
      await add('a', 1)
      await client.queueUntil('q', ({ size }) => size === 1)
      const { status, body, type } = await client.get('metrics')
      assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8'])
      assert.match(body, /^mqueue_queue_items\{node="config",queue="q"\} 1$/m)
      assert.match(body, /^mqueue_queue_up\{node="config",queue="\.\."\} 1$/m)
    })
  })
}

describe('queues over HTTP that cannot be used', function () {
  this.timeout(180_000)
  let nodeRed: NodeRed
  let client: Client
  let port: number
  const away = (): FlowNode =>
    config([{ name: 'kept', dbmode: 4 }, { name: 'q' }, { name: 'bad name' }], {
      id: 'away',
      name: 'far away',
      dbUrl: `postgres://user:pass-secret@127.0.0.1:${port}/test`,
    })
  before(async () => {
    port = await freePort()
    nodeRed = await NodeRed.start({ flows: flow([away()]) })
    client = new Client(nodeRed)
  })
  after(() => nodeRed?.stop())

  it('say why, and 503', async () => {
    const { problem, size } = await client.queueUntil(
      'kept',
      ({ problem }) => problem !== undefined,
      'away',
    )
    assert.deepEqual([size, problem?.code], [null, 'MQ_UNAVAILABLE'])
    for (const reply of [
      await client.get('away/queues/kept/items'),
      await client.get('away/queues/kept/items/1'),
      await client.post('away/queues/kept/clear'),
      await client.post('away/queues/kept/remove', { item: '1' }),
      await client.post('away/queues/kept/send-back'),
    ]) {
      assert.deepEqual([reply.status, reply.body.code], [503, 'MQ_UNAVAILABLE'])
      assert.doesNotMatch(JSON.stringify(reply.body), /secret/)
    }
    const { body } = await client.get('queues')
    const [node] = (body as Overview).nodes
    assert.deepEqual([node?.name, node?.database, node?.errors.length], ['far away', 'postgres', 1])
    assert.match(node?.errors[0] ?? '', /bad name/)
    assert.doesNotMatch(JSON.stringify(body), /secret/)
    assert.equal((await client.get('away/queues/q/items')).status, 200)
  })

  it('leave their counters out of the metrics', async () => {
    await client.queueUntil('kept', ({ problem }) => problem !== undefined, 'away')
    const { body } = await client.get('metrics')
    const of = (queue: string) => body.match(new RegExp(`^\\w+\\{.*queue="${queue}".*$`, 'gm'))
    assert.deepEqual(of('kept'), [
      'mqueue_queue_up{node="away",queue="kept"} 0',
      'mqueue_queue_takes_dead_letters{node="away",queue="kept"} 0',
    ])
    assert.ok(of('q').length > 15)
    assert.match(body, /^mqueue_engine_definition_errors\{node="away"\} 1$/m)
  })

  it('are gone with their config node', async () => {
    await nodeRed.deploy(flow([{ ...away(), d: true }]))
    const { status, body } = await client.get('away/queues/q/items')
    assert.deepEqual([status, body.code], [404, 'MQ_NO_CONFIG'])
    assert.equal((await client.post('away/queues/q/clear')).body.code, 'MQ_NO_CONFIG')
  })
})

describe('queues in Redis over HTTP', function () {
  this.timeout(180_000)
  const freshPrefix = ownPrefixes()
  let nodeRed: NodeRed
  let client: Client
  let prefix: string
  before(async () => {
    prefix = freshPrefix()
    const place = { engine: 'redis', redisUrl: REDIS_URL, prefix }
    nodeRed = await NodeRed.start({ flows: flow([config(QUEUES, place)]) })
    client = new Client(nodeRed)
  })
  after(() => nodeRed?.stop())
  const add = (topic: string, payload: unknown, q = 'q') =>
    nodeRed.ask('add-config', { topic, payload, q })
  const items = async (queue = 'q') => (await client.get(`config/queues/${queue}/items`)).body.items

  it('are shown, paged, removed and sent back', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await add(key, { key })
    await client.queueUntil('q', ({ size, added }) => size === 4 && added === 4)
    const [first, second] = await items()
    assert.deepEqual([first.key, first.value, first.attempt], ['a', '{"key":"a"}', 0])
    const path = `config/queues/q/items/${encodeURIComponent(second.id)}`
    assert.equal((await client.get(path)).body.value, '{"key":"b"}')
    const { body } = await client.post('config/queues/q/remove', { item: second.id })
    assert.deepEqual(body, { count: 1 })
    assert.equal((await client.get(path)).status, 404)
    const { msg } = await nodeRed.ask('take-config')
    await nodeRed.ask('reject-config', { mqlease: msg?.mqlease })
    assert.equal((await items('dead'))[0].queue, 'q')
    const back = await client.post('config/queues/dead/send-back')
    assert.deepEqual([back.body.count, back.body.left], [1, 0])
    const page = await client.get('config/queues/q/items?from=2&count=1')
    assert.deepEqual([page.body.items[0].key, page.body.size], ['a', 3])
    assert.deepEqual((await client.post('config/queues/q/pause')).body, { count: 0, paused: true })
    assert.equal((await client.queues())[0]?.paused, true)
    assert.deepEqual((await client.post('config/queues/q/clear')).body, { count: 3 })
    const metrics = (await client.get('metrics')).body
    assert.match(metrics, /^mqueue_engine_info\{.*engine="redis",database=""\} 1$/m)
    assert.match(metrics, /^mqueue_queue_dropped_items_total\{.*queue="q",reason="removed"\} 4$/m)
  })

  it('show the others where one item cannot be read', async () => {
    for (const key of ['a', 'bad', 'c']) await add(key, key, 'dead')
    const list = `{${prefix}}:dead:items`
    const cells: string[] = await command('LRANGE', list, 0, -1)
    const at = cells.findIndex((cell) => cell.includes('bad'))
    assert.ok(at >= 0)
    await command('LSET', list, at, 'nonsense')
    const seen = await items('dead')
    assert.deepEqual(
      seen.map(({ kind, value }: Record<string, string>) => (kind === 'text' ? value : kind)),
      ['a', 'unreadable', 'c'],
    )
    const { id: item } = seen[1]
    assert.equal((await client.post('config/queues/dead/remove', { item })).body.count, 1)
    assert.equal((await items('dead')).length, 2)
  })
})

describe('access to queues over HTTP', function () {
  this.timeout(180_000)
  const password = hashSync('secret', 4)
  const users = [
    { username: 'admin', password, permissions: '*' },
    { username: 'reader', password, permissions: 'read' },
    { username: 'looks', password, permissions: ['mqueue.read'] },
    { username: 'acts', password, permissions: ['mqueue.write'] },
    { username: 'other', password, permissions: ['flows.read', 'flows.write'] },
  ]
  let nodeRed: NodeRed
  const clients = new Map<string, Client>()
  before(async () => {
    nodeRed = await NodeRed.start({
      flows: flow([config(QUEUES)]),
      settings: {
        adminAuth: { type: 'credentials', users },
        logging: { console: { level: 'info', metrics: false, audit: true } },
      },
    })
    for (const user of users) {
      const headers = { Authorization: `Bearer ${await nodeRed.login(user, 'secret')}` }
      clients.set(user.username, new Client(nodeRed, headers))
    }
    clients.set('nobody', new Client(nodeRed))
    clients.set('wrong', new Client(nodeRed, { Authorization: 'Bearer wrong' }))
  })
  after(() => nodeRed?.stop())

  const reads = ['queues', 'metrics', 'config/queues/q/items']
  const changes = ['remove', 'clear', 'pause', 'resume', 'send-back', 'nonsense']
  const as = (username: string) => clients.get(username) as Client

  it('to look needs mqueue.read', async () => {
    for (const user of ['admin', 'reader', 'looks']) {
      for (const path of reads) assert.equal((await as(user).get(path)).status, 200, path)
      assert.equal((await as(user).get('config/queues/q/items/1')).status, 404)
      assert.equal((await as(user).get('config/queues/%E0%A4%A/items')).status, 400)
    }
    for (const user of ['acts', 'other', 'nobody', 'wrong']) {
      for (const path of [...reads, 'config/queues/q/items/1', 'config/queues/%E0%A4%A/items']) {
        assert.equal((await as(user).get(path)).status, 401, `${user}: ${path}`)
      }
    }
  })

  it('to change needs mqueue.write', async () => {
    await nodeRed.ask('add-config', { topic: 'k', payload: 1, q: 'q' })
    for (const user of ['reader', 'looks', 'other', 'nobody', 'wrong']) {
      for (const action of changes) {
        const path = `config/queues/q/${action}`
        assert.equal((await as(user).post(path)).status, 401, `${user}: ${action}`)
        assert.equal((await as(user).post(path, '{oops')).status, 401, `${user}: ${action}`)
      }
    }
    const { body } = await as('looks').get('config/queues/q/items')
    assert.equal(body.size, 1)
    assert.equal((await as('acts').post('config/queues/q/clear')).body.count, 1)
    assert.equal((await as('admin').post('config/queues/q/clear')).body.count, 0)
  })

  it('leaves a line in the audit log of what was changed, or tried, and by whom', async () => {
    await nodeRed.ask('add-config', { topic: 'k', payload: 1, q: 'dead' })
    const audited = async (action: string, body: object) => {
      const from = nodeRed.log.length
      const { body: answer } = await as('acts').post(`config/queues/dead/${action}`, body)
      await nodeRed.logged(new RegExp(`mqueue\\.${action}`), from)
      const lines = nodeRed.log.slice(from).match(new RegExp(`\\{.*mqueue\\.${action}.*\\}`))
      const { event, id, queue, item, count, error, user } = JSON.parse(lines?.[0] ?? '')
      assert.deepEqual([event, id, queue], [`mqueue.${action}`, 'config', 'dead'])
      assert.equal(user.username, 'acts')
      return { answer, count, item, error }
    }
    const cleared = await audited('clear', {})
    assert.deepEqual([cleared.answer.count, cleared.count], [1, 1])
    // What was tried in vain as well: it may still be done where a server was slow.
    const { answer, item, error } = await audited('remove', { item: '1-1' })
    assert.deepEqual([answer.code, error, item], ['MQ_UNKNOWN_ITEM', 'MQ_UNKNOWN_ITEM', '1-1'])
  })
})

describe('the settings of docs/metrics.md', () => {
  requires(isInstalled('promtool'), 'apt-get install prometheus')

  it('let Prometheus read the metrics by its token, and nothing else', async () => {
    const name = 'a "quoted"\\ name\nof two lines'
    const configs = [config(QUEUES), config([{ name: 'bad name' }], { id: 'second', name })]
    const page = readFileSync(join(PROJECT, 'docs/metrics.md'), 'utf8')
    const [, adminAuth] = page.match(/```js\n(adminAuth: [\s\S]*?)```/) as RegExpMatchArray
    const nodeRed = await NodeRed.start({
      flows: flow(configs),
      env: { METRICS_TOKEN: 'scrape-me' },
      settingsCode: adminAuth,
    })
    try {
      const prometheus = new Client(nodeRed, { Authorization: 'Bearer scrape-me' })
      const { status, body } = await prometheus.get('metrics')
      assert.equal(status, 200)
      assert.ok(body.includes('name="a \\"quoted\\"\\\\ name\\nof two lines"'))
      const checked = execFileSync('promtool', ['check', 'metrics'], { input: body })
      assert.equal(checked.toString(), '')
      assert.equal((await prometheus.post('config/queues/q/clear')).status, 401)
      const headers = { Authorization: 'Bearer scrape-me' }
      assert.equal((await fetch(`${nodeRed.url}/flows`, { headers })).status, 401)
      const other = new Client(nodeRed, { Authorization: 'Bearer other' })
      assert.equal((await other.get('metrics')).status, 401)
    } finally {
      await nodeRed.stop()
    }
  })

  it('scrape as promtool says they can', () => {
    const page = readFileSync(join(PROJECT, 'docs/metrics.md'), 'utf8')
    const [, scrape = ''] = page.match(/```yaml\n(scrape_configs:[\s\S]*?)```/) as RegExpMatchArray
    const directory = mkdtempSync(join(tmpdir(), 'mqueue-scrape-'))
    try {
      const file = join(directory, 'prometheus.yml')
      writeFileSync(file, scrape)
      const args = ['check', 'config', '--syntax-only', file]
      assert.match(execFileSync('promtool', args, { encoding: 'utf8' }), /SUCCESS/)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

describe('1,000 queues over HTTP', function () {
  this.timeout(180_000)

  it('are shown in some milliseconds', async () => {
    const queues = Array.from({ length: 1_000 }, (_, i) => ({ name: `q${i}`, size: 100 }))
    const nodeRed = await NodeRed.start({ flows: flow([config(queues)]) })
    try {
      const client = new Client(nodeRed)
      await client.get('queues')
      // One that is new each time: whoever changes something sees the queues as they are then.
      const times: number[] = []
      for (let i = 0; i < 10; i++) {
        await client.post('config/queues/q1/clear')
        const start = performance.now()
        assert.equal((await client.queues()).length, 1_000)
        times.push(performance.now() - start)
      }
      const median = times.sort((a, b) => a - b)[5] as number
      console.log(`      ${median.toFixed(1)} ms`)
      assert.ok(median < 5_000, `${median} ms`)
    } finally {
      await nodeRed.stop()
    }
  })
})
