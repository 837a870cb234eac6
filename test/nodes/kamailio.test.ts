/** Real Node-RED processes that consume the queues of a real Kamailio, which its script fills. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Front } from '../kamailio/front.ts'
import { kamailioVersion, Rig } from '../kamailio/rig.ts'
import { makeCertificate } from '../support/certificate.ts'
import { config, probe, TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { type FlowNode, NodeRed, until } from '../support/node-red.ts'
import { requires } from '../support/required.ts'

const placed = { z: 'tab', x: 1, y: 1 }
const QUEUES = ['calls', 'other', 'third']
/** Has Kamailio's script add an item of 2^n bytes. */
const LONG = `
	case "long":
		$var(v) = "0123456789abcdef";
		$var(i) = 4;
		$var(n) = $(rb{param.value,n}{s.int});
		while ($var(i) < $var(n)) {
			$var(v) = $var(v) + $var(v);
			$var(i) = $var(i) + 1;
		}
		mq_add("calls", "long", "$var(v)");
		$var(rc) = $rc;
		break;`

interface Flow {
  /** More properties of the config node. */
  more?: object
  queues?: readonly string[]
  /** How items are consumed: collected, printed or not at all. */
  consumes?: 'collect' | 'print' | undefined
  version?: number
}

/** A consumer, and nodes that can be asked. */
function flow(rpcUrl: string, { more = {}, queues = QUEUES, consumes, version }: Flow): FlowNode[] {
  const work = {
    collect: `const all = global.get('all') ?? []
              all.push([msg.topic, msg.payload])
              global.set('all', all)`,
    print: `node.warn('ITEM ' + JSON.stringify([msg.topic, msg.payload]) + ';')`,
  }
  const consumer = { ...placed, type: 'mq-consume', mqueue: 'config', queue: 'calls', ack: 'auto' }
  const consumers: FlowNode[] = [
    { ...consumer, id: 'consume', name: `version ${version}`, wires: [['work']] },
    { ...placed, id: 'work', type: 'function', func: work[consumes ?? 'collect'], wires: [[]] },
  ]
  const answer = `const all = global.get('all') ?? []
                  const payload = msg.payload.counts ? all.length : all
                  return { ...msg, payload: { msg: { payload } } }`
  const status = `node.warn('STATUS ' + msg.status.source.id + ': ' + msg.status.text + ';')`
  return [
    TAB,
    config(
      queues.map((name) => ({ name })),
      { engine: 'kamailio', rpcUrl, poll: '0.05', ...more },
    ),
    ...(consumes === undefined ? [] : consumers),
    ...probe({ id: 'add', type: 'mq-add', queue: 'calls' }),
    ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'calls' }, 2),
    ...probe({ id: 'several', type: 'mq-fetch', queue: 'other', wait: 30, count: 'all' }, 2),
    ...probe({ id: 'leased', type: 'mq-fetch', queue: 'calls', lease: 5 }, 2),
    ...probe({ id: 'size', type: 'mq-size', queue: 'calls' }),
    ...probe({ id: 'sizes', type: 'mq-size', queueType: 'all' }),
    ...probe({
      id: 'control',
      type: 'mq-control',
      queue: 'calls',
      action: 'what',
      actionType: 'msg',
    }),
    {
      ...placed,
      id: 'all.in',
      type: 'http in',
      url: '/probe/all',
      method: 'post',
      wires: [['all']],
    },
    { ...placed, id: 'all', type: 'function', func: answer, wires: [['all.out']] },
    { ...placed, id: 'all.out', type: 'http response', wires: [] },
    { ...placed, id: 'status', type: 'status', scope: ['consume', 'size'], wires: [['shown']] },
    { ...placed, id: 'shown', type: 'function', func: status, wires: [] },
  ]
}

type Pair = [key: string, value: string]

/** Keys and values of all kinds, each distinguished by its number. */
function itemsOf(count: number): Pair[] {
  const kinds = [
    'plain',
    'grüße 漢字 😀 e\u0301',
    '"quoted" \\ back / slash',
    'line\r\n\ttab \u0001\u001f\u007f',
    "$var(x) %s '; --",
    '<null>',
    '{"json": [1, null]}',
    'long '.repeat(1_600),
  ]
  return Array.from({ length: count }, (_, n) => {
    const kind = kinds[n % kinds.length] as string
    return [n % 3 === 0 ? `${n}` : `${n} ${kind.slice(0, 40)}`, `${kind} ${n}`]
  })
}

describe('a Node-RED over the queues of a Kamailio', function () {
  this.timeout(180_000)
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')
  let port: number
  let rig: Rig
  const reds: NodeRed[] = []

  const startRig = async () => {
    const queues = QUEUES.map((name) => `name=${name}`)
    rig = await Rig.start({ port, queues, script: LONG, children: 4 })
  }
  beforeEach(async () => {
    port = await freePort()
    await startRig()
  })
  afterEach(async () => {
    for (const red of reds.splice(0)) await red.stop()
    await rig?.stop()
  })

  async function start(made: Flow = {}, url = rig.url): Promise<NodeRed> {
    const red = await NodeRed.start({ flows: flow(url, made) })
    reds.push(red)
    return red
  }

  async function add(items: readonly Pair[], q = 'calls'): Promise<void> {
    for (const [key, val] of items) {
      const { rc } = await rig.play({ op: 'add', q, key, val })
      assert.equal(rc, 1)
    }
  }

  const count = async (red: NodeRed) =>
    (await red.ask('all', { counts: true })).msg?.payload as number
  const collected = async (red: NodeRed) => (await red.ask('all')).msg?.payload as Pair[]
  const printed = () =>
    reds.flatMap(({ log }) =>
      [...log.matchAll(/ITEM (\[.*?\]);\n/g)].map(([, text = '']) => JSON.parse(text) as Pair),
    )

  async function eventually(count: number, what: () => Promise<number> | number): Promise<void> {
    let deadline = 0
    for (let last = -1, now = await what(); now < count; now = await what()) {
      // As long as there are more of them, it goes on, however slowly.
      if (now > last) deadline = Date.now() + 60_000
      assert.ok(Date.now() < deadline, `${now} of ${count} items`)
      last = now
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /**
   * Makes sure that each item was printed once, in order, up to the one of the last number. Node-RED drops a message that
   * was sent when its next node is closed before it arrives there: one for each time that this happens.
   */
  async function assertOnce(times: number, last: number): Promise<void> {
    const numbers = () => printed().map(([, value]) => Number(/\d+$/.exec(value)?.[0]))
    await until(() => numbers().at(-1) === last, 'the last item')
    const all = numbers()
    const misplaced = all.findIndex((number, index) => number <= (all[index - 1] ?? -1))
    assert.equal(misplaced, -1, `${all.slice(misplaced - 2, misplaced + 2)}`)
    assert.ok(all.length >= last + 1 - times, `${all.length} of ${last + 1} in ${times} times`)
  }

  it('gets 10,000 items that are added meanwhile, in order and byte by byte', async function () {
    this.timeout(600_000)
    const red = await start({ consumes: 'collect' })
    const items = itemsOf(10_000)
    await add(items)
    await eventually(items.length, () => count(red))
    const got = await collected(red)
    for (const [index, item] of items.entries()) assert.deepEqual(got[index], item)
    assert.equal(got.length, items.length)
    assert.equal((await red.ask('size')).msg?.payload, 0)
    const { msg } = await red.ask('control', { what: 'stats' })
    const { oldest, ...stats } = (msg?.payload ?? {}) as Record<string, unknown>
    assert.equal(oldest, undefined)
    const counts = { size: 0, leased: 0, waiting: 1, paused: false, acknowledged: 0 }
    const all = { ...counts, added: 10_000, fetched: 10_000, dropped: { lost: 0 } }
    assert.deepEqual(stats, all)
  })

  it('gets items as long as Kamailio takes them', async () => {
    const red = await start()
    for (const n of [13, 15, 16, 17]) {
      assert.equal(JSON.parse(await rig.run('long', `;n=${n}`)).rc, 1)
      const { msg } = await red.ask('fetch')
      assert.equal(msg?.mqk, 'long')
      const expected = '0123456789abcdef'.repeat(2 ** (n - 4))
      assert.ok(msg?.mqv === expected, `${(msg?.mqv as string)?.length} of ${expected.length}`)
    }
  })

  it('does what Kamailio can, and says what it cannot', async () => {
    const red = await start()
    await add([
      ['a', '1'],
      ['b', '2'],
    ])
    assert.deepEqual((await red.ask('sizes')).msg?.payload, { calls: 2, other: 0, third: 0 })
    const { port: output, msg } = await red.ask('fetch')
    assert.deepEqual([output, msg?.mqk, msg?.mqv, msg?.mqsize], [0, 'a', '1', 1])
    await red.ask('fetch')
    const empty = await red.ask('fetch')
    assert.deepEqual([empty.port, empty.msg?.mqsize], [1, 0])
    // It waits, and gets what is there then.
    const several = red.ask('several')
    await add([['c', '3']], 'other')
    assert.deepEqual((await several).msg?.mqv, ['3'])
    for (const [probed, message, code] of [
      ['add', { topic: 'k', payload: 'v' }, 'MQ_UNSUPPORTED'],
      ['leased', {}, 'MQ_UNSUPPORTED'],
      ...['peek', 'clear', 'pause', 'resume'].map(
        (what) => ['control', { what }, 'MQ_UNSUPPORTED'] as const,
      ),
    ] as const) {
      const { error } = await red.ask(probed, message)
      assert.equal(error?.code, code, `${probed} ${JSON.stringify(message)}: ${error?.message}`)
    }
    const rpc = await red.post('mqueue/rpc', {
      jsonrpc: '2.0',
      method: 'mqueue.stats',
      params: ['calls'],
      id: 1,
    })
    const { result } = (await rpc.json()) as { result: { fetched: number } }
    assert.equal(result.fetched, 2)
    const metrics = await (await fetch(`${red.url}/mqueue/metrics`)).text()
    assert.match(metrics, /mqueue_queue_fetched_items_total\{node="config",queue="calls"\} 2\n/)
    assert.match(metrics, /dropped_items_total\{node="config",queue="calls",reason="lost"\} 0\n/)
    const overview = await (await fetch(`${red.url}/mqueue/queues`)).json()
    const { engine, queues } = (overview as { nodes: { engine: string; queues: object[] }[] })
      .nodes[0] ?? { engine: '', queues: [] }
    assert.equal(engine, 'kamailio')
    assert.equal((queues[0] as { fetched: number }).fetched, 2)
  })

  it('has a consumer that acknowledges by itself, or none', async () => {
    const flows = flow(rig.url, { consumes: 'collect' }).map((node) =>
      node.id === 'consume' ? { ...node, ack: 'manual' } : node,
    )
    const red = await NodeRed.start({ flows })
    reds.push(red)
    await red.logged(/has no leases\. Acknowledge automatically in this node/)
    await red.logged(/STATUS consume: not supported;/)
  })

  it('goes on when Kamailio was restarted, and says so once', async () => {
    const red = await start({ consumes: 'collect' })
    for (const round of [0, 1, 2]) {
      const items = itemsOf(300).map(([key, value]): Pair => [`${round} ${key}`, value])
      await add(items)
      await eventually(300 * (round + 1), () => count(red))
      assert.deepEqual((await collected(red)).slice(-300), items)
      const from = red.log.length
      await rig.stop()
      await red.logged(/\[error\] \[mqueue:config\] Kamailio at \S+ cannot be used/, from)
      await red.logged(/STATUS consume: unavailable;/, from)
      assert.equal((await red.ask('fetch')).error?.code, 'MQ_UNAVAILABLE')
      await startRig()
      await red.logged(/Kamailio at \S+ works again/, from)
      const said = red.log.slice(from).match(/\[mqueue:config\] Kamailio at/g)
      assert.equal(said?.length, 2, red.log.slice(from))
    }
  })

  it('starts without it, and begins when it is there', async () => {
    await rig.stop()
    const red = await start({ consumes: 'collect' }, `http://127.0.0.1:${port}/RPC`)
    await red.logged(/Kamailio at \S+ cannot be used: the connection was refused/)
    await startRig()
    await add([['a', '1']])
    await eventually(1, () => count(red))
    await red.logged(/STATUS consume: 0;/)
  })

  it('hands each item out once, in order, whenever Node-RED is restarted', async () => {
    const items = itemsOf(4_000)
    let isAdded = false
    let red = await start({ consumes: 'print' })
    const adding = add(items).then(() => {
      isAdded = true
    })
    let restarts = 0
    while (restarts < 3 || !isAdded) {
      const before = printed().length
      if (!isAdded) await until(() => printed().length > before + 100 || isAdded, 'items')
      const { code } = await red.stop({ keep: true })
      assert.equal(code, 0, red.log.slice(-2_000))
      assert.doesNotMatch(red.log, /lost/)
      restarts++
      red = await NodeRed.start({ userDir: red.userDir })
      reds.push(red)
    }
    await adding
    await add([['end', 'end 4000']])
    await assertOnce(restarts, 4_000)
    for (const one of reds.slice(0, -1)) rmSync(one.userDir, { recursive: true, force: true })
    reds.splice(0, reds.length, red)
  })

  it('hands each item out once, in order, whatever is deployed meanwhile', async () => {
    const items = itemsOf(3_000)
    const red = await start({ consumes: 'print' })
    let isAdded = false
    const adding = add(items).then(() => {
      isAdded = true
    })
    let version = 0
    while (version < 6 || !isAdded) {
      const type = (['full', 'nodes', 'flows'] as const)[++version % 3]
      await red.deploy(flow(rig.url, { consumes: 'print', version }), type)
    }
    await adding
    const stats = async () =>
      (await red.ask('control', { what: 'stats' })).msg?.payload as Record<string, unknown>
    await eventually(items.length, async () => (await stats()).fetched as number)
    assert.deepEqual((await stats()).dropped, { lost: 0 })
    await add([['end', 'end 3000']])
    await assertOnce(version, 3_000)
  })

  it('shares the queues with other processes', async () => {
    await Promise.all([start({ consumes: 'print' }), start({ consumes: 'print' })])
    const items = itemsOf(1_000)
    await add(items)
    await eventually(items.length, () => printed().length)
    const sorted = (pairs: Pair[]) => pairs.map(([key]) => key).sort()
    assert.deepEqual(sorted(printed()), sorted(items))
  })

  it('says which queue Kamailio lacks', async () => {
    const red = await start({ queues: ['calls', 'lacking'] })
    await red.logged(/\[error\] \[mqueue:config\] Kamailio at \S+ has no queue "lacking"\./)
  })

  it('speaks TLS by a tls-config node, and logs in', async () => {
    const tls = mkdtempSync(join(tmpdir(), 'mqueue-tls-'))
    makeCertificate(tls)
    const front = await Front.start(() => port, { tls, login: 'user:secret' })
    try {
      const certificate = { id: 'tls', type: 'tls-config', ca: join(tls, 'server.crt') }
      const flows = flow(front.url, { more: { tls: 'tls' } })
      const red = await NodeRed.start({ flows: [...flows, certificate] })
      reds.push(red)
      await red.logged(/its user or its password is missing or wrong \(HTTP 401\)/)
      const credentials = { user: 'user', password: 'secret' }
      const withLogin = flows.map((node) =>
        node.id === 'config' ? { ...node, credentials } : node,
      )
      await red.deploy([...withLogin, certificate])
      await add([['a', '1']])
      assert.equal((await red.ask('fetch')).msg?.mqk, 'a')
      assert.doesNotMatch(red.log, /secret/)
      const asked = { id: 'config', rpcUrl: front.url, tls: 'tls', user: 'user' }
      const question = async (body: object) =>
        (await red.post('mqueue/ask-kamailio', body)).json() as Promise<{ ok: boolean }>
      assert.deepEqual(await question({ ...asked, password: '__PWRD__' }), {
        ok: true,
        queues: QUEUES.map((name) => ({ name, size: 0 })),
      })
      assert.equal((await question({ ...asked, password: 'other' })).ok, false)
    } finally {
      await front.stop()
      rmSync(tls, { recursive: true })
    }
  })
})
