/** The RPC over real HTTP, on real Node-RED processes. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { config, probe, TAB } from '../support/flows.ts'
import { type FlowNode, LINES, type Line, NodeRed } from '../support/node-red.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')

const call = (method: string, params?: unknown, id: unknown = 1) => ({
  jsonrpc: '2.0',
  method,
  params,
  id,
})
const FETCH = call('mqueue.fetch', ['q'])
const SIZE = call('mqueue.get_size', ['q'])

const flow = (configs: FlowNode[] = [config([{ name: 'q' }])]): FlowNode[] => [
  TAB,
  ...configs,
  ...probe({ id: 'add', type: 'mq-add', queue: 'q' }),
  {
    id: 'fill',
    type: 'http in',
    z: 'tab',
    x: 1,
    y: 1,
    url: '/fill',
    method: 'post',
    wires: [['many', 'filled']],
  },
  {
    id: 'many',
    type: 'function',
    z: 'tab',
    x: 1,
    y: 1,
    func: 'for (let i = 0; i < msg.payload.count; i++) node.send({ topic: "k", payload: i })',
    wires: [['direct']],
  },
  { id: 'direct', type: 'mq-add', z: 'tab', x: 1, y: 1, mqueue: 'config', queue: 'q', wires: [[]] },
  { id: 'filled', type: 'http response', z: 'tab', x: 1, y: 1, wires: [] },
]

interface Reply {
  status: number
  result?: { size?: number; key?: string; val?: unknown }
  error?: { code: number; message: string; data?: unknown }
}

async function rpc(
  nodeRed: NodeRed,
  body: unknown,
  { path = 'mqueue/rpc', headers = {} as Record<string, string> } = {},
): Promise<Reply> {
  const response = await nodeRed.post(path, body, headers)
  const text = await response.text()
  const json = text.startsWith('{') ? JSON.parse(text) : {}
  return { status: response.status, ...json }
}

for (const line of Object.keys(LINES) as Line[]) {
  describe(`RPC in Node-RED ${line}`, () => {
    let nodeRed: NodeRed
    before(async () => {
      nodeRed = await NodeRed.start({ line, flows: flow() })
    })
    after(() => nodeRed.stop())
    beforeEach(async () => {
      await nodeRed.deploy([TAB])
      await nodeRed.deploy(flow())
    })
    const add = (payload: unknown) => nodeRed.ask('add', { topic: 'k', payload })
    const sizeOf = async () => (await rpc(nodeRed, SIZE)).result?.size

    async function fill(count: number): Promise<void> {
      assert.equal((await nodeRed.post('fill', { count })).status, 200)
      const deadline = Date.now() + 45_000
      while ((await sizeOf()) !== count) assert.ok(Date.now() < deadline)
    }

    it('returns sizes and items', async () => {
      await add({ a: 1 })
      assert.deepEqual((await rpc(nodeRed, SIZE)).result, { name: 'q', size: 1 })
      const { status, result } = await rpc(nodeRed, FETCH)
      assert.deepEqual([status, result], [200, { key: 'k', val: { a: 1 } }])
    })

    it('repeats the code of a fault as the HTTP status, as Kamailio does', async () => {
      for (const [body, code] of [
        [FETCH, 404],
        [call('mqueue.fetch', ['x']), 500],
        [call('mqueue.get_size', ['x']), 404],
        [call('mqueue.get_size'), 400],
      ] as const) {
        const { status, error } = await rpc(nodeRed, body)
        assert.deepEqual([status, error?.code], [code, code])
      }
    })

    it('answers what is not JSON, or not a request, as the standard says', async () => {
      for (const [body, code] of [
        ['{oops', -32700],
        ['', -32700],
        ['[1,', -32700],
        ['5', -32600],
        ['"text"', -32600],
        ['null', -32600],
        ['{}', -32600],
        ['[]', -32600],
        [call('no.such'), -32601],
      ] as const) {
        const { status, error } = await rpc(nodeRed, body)
        assert.equal(error?.code, code, JSON.stringify(body))
        assert.equal(status, code === -32601 ? 404 : 400, JSON.stringify(body))
      }
      assert.equal((await rpc(nodeRed, { jsonrpc: '2.0', method: 'mqueue.get_sizes' })).status, 204)
    })

    it('takes a list of 100,000 lists, one in the other, for a batch of one bad request', async () => {
      const body = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
      const response = await nodeRed.post('mqueue/rpc', body)
      assert.equal(response.status, 200)
      assert.deepEqual(await response.json(), [
        { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Request' } },
      ])
      assert.equal(await sizeOf(), 0)
    })

    it('takes only JSON, so that a page of another site cannot fetch', async () => {
      await add('v')
      const text = JSON.stringify(FETCH)
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json-not',
      ]) {
        const { status } = await rpc(nodeRed, text, { headers: { 'Content-Type': type } })
        assert.equal(status, 415, type)
      }
      // Node-RED 4.1 lets pages of any site send JSON as well.
      for (const Origin of ['http://other.example', 'null', 'http://127.0.0.1:1']) {
        assert.equal((await rpc(nodeRed, text, { headers: { Origin } })).status, 403)
      }
      assert.equal(await sizeOf(), 1)
      for (const headers of [
        { Origin: 'http://other.example', 'X-Forwarded-Host': 'other.example' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site', Origin: nodeRed.url },
      ] as Record<string, string>[]) {
        assert.equal((await rpc(nodeRed, text, { headers })).status, 403)
      }
      assert.equal(await sizeOf(), 1)
      const own = { headers: { Origin: nodeRed.url, 'Sec-Fetch-Site': 'same-origin' } }
      assert.equal((await rpc(nodeRed, text, own)).result?.val, 'v')
    })

    it('refuses a body of over 1 MB, told or not, and a batch of over 1,000 calls', async () => {
      await add('v')
      for (const length of [1_100_000, 4_000_000, 6_000_000]) {
        const body = JSON.stringify({ ...FETCH, more: 'x'.repeat(length) })
        assert.equal((await rpc(nodeRed, body)).status, 413)
        const pieces = new Blob([body]).stream()
        const init = { method: 'POST', body: pieces, duplex: 'half' } as const
        const headers = { 'Content-Type': 'application/json' }
        const response = await fetch(`${nodeRed.url}/mqueue/rpc`, { ...init, headers })
        assert.equal(response.status, 413)
      }
      const packed = gzipSync(JSON.stringify({ ...FETCH, more: 'x'.repeat(4_000_000) }))
      const response = await fetch(`${nodeRed.url}/mqueue/rpc`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
        body: packed,
      })
      assert.equal(response.status, 413)
      const almost = { ...SIZE, more: 'x'.repeat(900_000) }
      assert.equal((await rpc(nodeRed, almost)).status, 200)
      const { status, error } = await rpc(nodeRed, new Array(1001).fill(FETCH))
      assert.deepEqual([status, error?.code], [400, -32600])
      assert.equal(await sizeOf(), 1)
    })

    it('does not know the queues of a disabled or stopped config node', async () => {
      await add('v')
      await nodeRed.deploy(flow([{ ...config([{ name: 'q' }]), d: true }]), 'nodes')
      assert.equal((await rpc(nodeRed, SIZE)).error?.code, 404)
      assert.equal((await rpc(nodeRed, SIZE, { path: 'mqueue/config/rpc' })).error?.code, 404)
      await nodeRed.deploy(flow(), 'nodes')
      assert.equal(await sizeOf(), 1)
      await nodeRed.setState('stop')
      assert.equal((await rpc(nodeRed, SIZE)).error?.code, 404)
      await nodeRed.setState('start')
      assert.equal(await sizeOf(), 1)
    })

    it('asks which one, where several config nodes define a queue', async () => {
      await add('v')
      const second = { ...config([{ name: 'r' }, { name: 'q' }]), id: 'second' }
      await nodeRed.deploy(flow([config([{ name: 'q' }]), second]), 'nodes')
      const { status, error } = await rpc(nodeRed, FETCH)
      assert.deepEqual([status, error?.code], [400, 400])
      assert.deepEqual(error?.data, { candidates: ['config', 'second'] })
      const path = 'mqueue/second/rpc'
      assert.equal((await rpc(nodeRed, SIZE, { path })).result?.size, 0)
      assert.equal((await rpc(nodeRed, FETCH, { path: 'mqueue/config/rpc' })).result?.val, 'v')
      assert.deepEqual((await rpc(nodeRed, call('mqueue.get_sizes'), { path })).result, [
        { name: 'r', size: 0 },
        { name: 'q', size: 0 },
      ])
      assert.equal((await rpc(nodeRed, call('mqueue.get_size', ['r']))).result?.size, 0)
      const nobody = await rpc(nodeRed, call('mqueue.get_sizes'), { path: 'mqueue/nobody/rpc' })
      assert.deepEqual([nobody.status, nobody.error?.code], [404, 404])
    })

    it('takes nothing for a client that hung up', async () => {
      await fill(50)
      const { port } = new URL(nodeRed.url)
      const body = JSON.stringify(FETCH)
      const head = `POST /mqueue/rpc HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
      const hangUp = (text: string) =>
        new Promise((resolve) => {
          const socket = connect(Number(port), '127.0.0.1', () => {
            // In one go, so that the server cannot answer in between.
            socket.write(text)
            socket.destroy()
          }).on('close', resolve)
        })
      // The process finds request and hang-up together.
      nodeRed.pause()
      try {
        for (let i = 0; i < 20; i++) {
          await hangUp(head + body)
          await hangUp(head + body.slice(0, -1))
        }
      } finally {
        nodeRed.resume()
      }
      // What goes the same way after them, with its own connection, is answered after them.
      const headers = { Connection: 'close' }
      for (let i = 0; i < 5; i++) {
        assert.equal((await rpc(nodeRed, SIZE, { headers })).result?.size, 50)
      }
    })

    it('hands each item to one of a hundred clients at once', async () => {
      await fill(1000)
      const taken: unknown[] = []
      const client = async () => {
        for (;;) {
          const { result, status } = await rpc(nodeRed, FETCH)
          if (status === 404) return
          taken.push(result?.val)
        }
      }
      await Promise.all(Array.from({ length: 100 }, client))
      assert.deepEqual(
        taken.toSorted((a, b) => Number(a) - Number(b)),
        Array.from({ length: 1000 }, (_, i) => i),
      )
    })
  })
}

for (const line of Object.keys(LINES) as Line[]) {
  describe(`RPC and the setting httpAdminCors in Node-RED ${line}`, () => {
    for (const [httpAdminCors, letIn] of [
      [false, []],
      [{ origin: 'http://friend.example' }, ['http://friend.example']],
      [{ origin: '*' }, ['http://friend.example', 'http://other.example']],
    ] as const) {
      it(`${JSON.stringify(httpAdminCors)} says which sites are let in`, async () => {
        const nodeRed = await NodeRed.start({ line, flows: flow(), settings: { httpAdminCors } })
        try {
          for (const Origin of ['http://friend.example', 'http://other.example']) {
            const { status } = await rpc(nodeRed, SIZE, { headers: { Origin } })
            assert.equal(status, (letIn as readonly string[]).includes(Origin) ? 200 : 403, Origin)
          }
        } finally {
          await nodeRed.stop()
        }
      })
    }
  })
}

describe('RPC with 10,000 requests in a row', function () {
  this.timeout(180_000)

  it('answers each, with flat memory, while a flow keeps running', async () => {
    const place = { z: 'tab', x: 1, y: 1 }
    const once = { repeat: '0.05', once: true, props: [] }
    const nodeRed = await NodeRed.start({
      flows: [
        ...flow(),
        { id: 'tick', type: 'inject', ...place, ...once, wires: [['beat']] },
        { id: 'beat', type: 'function', ...place, func: 'node.warn("BEAT")', wires: [] },
        { id: 'observer', type: 'observer' },
      ],
      observed: true,
      // What counts the coverage takes memory and time.
      env: { NODE_OPTIONS: '--expose-gc', NODE_V8_COVERAGE: '' },
    })
    const beats = () => nodeRed.log.split('BEAT').length
    // A connection that lay idle while the others worked may be closed just as it is used again.
    const headers = { Connection: 'close' }
    const heap = async () =>
      Number(await (await fetch(`${nodeRed.url}/observer/heap`, { headers })).text())
    const requests = async (count: number) => {
      for (let i = 0; i < count; i++) assert.equal((await rpc(nodeRed, SIZE)).status, 200)
    }
    try {
      await requests(2000)
      const heapBefore = await heap()
      const beatsBefore = beats()
      await requests(8000)
      assert.ok(beats() - beatsBefore > 10)
      const growth = (await heap()) - heapBefore
      assert.ok(growth < 2e6, `${growth} bytes more`)
    } finally {
      await nodeRed.stop()
    }
  })
})

describe('access to the RPC', () => {
  const password = hashSync('secret', 4)
  const users = [
    { username: 'admin', password, permissions: '*' },
    { username: 'reader', password, permissions: 'read' },
    { username: 'queues', password, permissions: ['mqueue.read', 'mqueue.write'] },
    { username: 'sizes', password, permissions: ['mqueue.read'] },
    { username: 'other', password, permissions: ['flows.read', 'flows.write'] },
  ]
  let nodeRed: NodeRed
  before(async () => {
    nodeRed = await NodeRed.start({
      flows: flow(),
      settings: { adminAuth: { type: 'credentials', users }, httpAdminRoot: '/admin' },
    })
    for (let i = 0; i < 5; i++) await nodeRed.ask('add', { topic: 'k', payload: i })
  })
  after(() => nodeRed.stop())

  async function tokenOf(username: string): Promise<string> {
    const user = users.find((one) => one.username === username) ?? assert.fail(username)
    return nodeRed.login(user, 'secret', 'admin/')
  }
  const as = async (username: string, body: unknown) => {
    const headers = { Authorization: `Bearer ${await tokenOf(username)}` }
    return rpc(nodeRed, body, { path: 'admin/mqueue/rpc', headers })
  }

  it('is refused without a token, or with a wrong one', async () => {
    for (const body of [SIZE, FETCH, '{oops', []]) {
      assert.equal((await rpc(nodeRed, body, { path: 'admin/mqueue/rpc' })).status, 401)
      const headers = { Authorization: 'Bearer wrong' }
      assert.equal((await rpc(nodeRed, body, { path: 'admin/mqueue/rpc', headers })).status, 401)
    }
    assert.equal((await as('admin', SIZE)).result?.size, 5)
  })

  it('is refused to users without the permission', async () => {
    const headers = { Authorization: `Bearer ${await tokenOf('other')}` }
    assert.equal((await fetch(`${nodeRed.url}/admin/flows`, { headers })).status, 200)
    for (const body of [SIZE, FETCH, [SIZE, FETCH]]) {
      assert.equal((await as('other', body)).status, 401)
    }
  })

  it('lets readers see sizes, but not fetch, nor as part of a batch', async () => {
    for (const user of ['reader', 'sizes']) {
      assert.equal((await as(user, SIZE)).result?.size, 5)
      assert.equal((await as(user, FETCH)).status, 401)
      assert.equal((await as(user, [SIZE, FETCH])).status, 401)
    }
    assert.equal((await as('admin', SIZE)).result?.size, 5)
  })

  it('lets those with the permission fetch', async () => {
    assert.equal((await as('queues', FETCH)).result?.val, 0)
    assert.equal((await as('admin', FETCH)).result?.val, 1)
  })

  it('is found under the admin root only', async () => {
    assert.equal((await rpc(nodeRed, SIZE)).status, 404)
  })

  it('is not served where the admin root is off', async () => {
    const headless = await NodeRed.start({ flows: flow(), settings: { httpAdminRoot: false } })
    try {
      await headless.ask('add', { topic: 'k', payload: 1 })
      for (const path of ['mqueue/rpc', 'admin/mqueue/rpc', 'mqueue/config/rpc']) {
        assert.equal((await rpc(headless, FETCH, { path })).status, 404)
      }
    } finally {
      await headless.stop()
    }
  })
})
