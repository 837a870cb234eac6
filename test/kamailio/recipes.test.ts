/** How docs/kamailio.md has a Kamailio add to Node-RED and fetch from it, run as it stands there. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { config, probe, TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { makeUserDir, NodeRed, until } from '../support/node-red.ts'
import { requires } from '../support/required.ts'
import { configurationOf, RECIPES, recipe } from './recipes.ts'
import { hasModule } from './rig.ts'
import { KamailioServer } from './server.ts'
import { SipPhone } from './sip-phone.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')

const TOKEN = '5f0c6d'
const NEEDED = ['jansson', 'json', 'http_client', 'http_async_client']

/** Keys and values that break what is put together carelessly. */
const HOSTILE: [key: string, value: string][] = [
  ['plain@host', 'plain'],
  [`a"b\\c'd{}[]<>@x`, `"quoted" 'single' \\ back\\slashes \\n \\u0041 \\" end\\`],
  ['lines', 'one\r\ntwo\nthree\ttab\u0001\u001f\u007f'],
  ['utf-8', 'grüße e\u0301 漢字 😀 \u2028'],
  ['variables', '$var(x) $ci $$ %s %d $(ci{s.len}) #!define A B'],
  ['json', '"},"id":2,"method":"mqueue.fetch","params":["calls"],{"a":"'],
  ['blanks', '  around  '],
  ['long', 'long "\\ü '.repeat(450)],
]

/** What there is besides the recipes: a request of SIP for each of them. */
const ROUTES = `
request_route {
	if (is_method("MESSAGE")) mq_add("to_node_red", "$ci", "$rb");
	if (is_method("INFO")) {
		$avp(event) = $rb;
		route(TELL_NODE_RED);
		exit;
	}
	if (is_method("NOTIFY")) {
		$var(key) = $ci;
		$var(value) = $rb;
		route(BASE64_CALL);
		http_client_query(NODE_RED, "$var(call)",
			"Content-Type: application/json\\r\\nAuthorization: Bearer $env(NODE_RED_TOKEN)", "$var(answer)");
	}
	route(RELAY);
}
route[RELAY] {
	send_reply("200", "OK");
	exit;
}
route[ORDER] {
	xlog("L_ALERT", "ordered $var(key): $var(value)\\n");
}
`
/** With a limit that a busy machine keeps. */
const ASYNC = recipe('http_async_client').replace(
  '"connection_timeout", 500',
  '"connection_timeout", 3000',
)

describe('the recipes of docs/kamailio.md', function () {
  this.timeout(180_000)
  requires(
    NEEDED.every(hasModule),
    'apt-get install kamailio kamailio-json-modules kamailio-utils-modules kamailio-extra-modules, and http_async_client as .ci/run makes it',
  )

  let userDir: string
  let redPort: number
  let port: number
  let nodeRed: NodeRed | undefined
  let kamailio: KamailioServer
  let phone: SipPhone

  async function startKamailio(text = ASYNC): Promise<void> {
    const texts = [text, ...['http_client', 'base64', 'fetch'].map(recipe)]
    port = await freePort()
    kamailio = await KamailioServer.start(configurationOf(texts, port, ROUTES), {
      port,
      env: { NODE_RED_TOKEN: TOKEN },
      defines: [`NODE_RED="http://127.0.0.1:${redPort}/admin/mqueue/rpc"`],
    })
    phone = await SipPhone.open(port)
  }

  async function stopKamailio(): Promise<void> {
    phone?.close()
    await kamailio?.stop()
  }

  async function startNodeRed({
    token = TOKEN,
    ...more
  }: Record<string, unknown> & { token?: string } = {}) {
    nodeRed = await NodeRed.start({
      userDir,
      port: redPort,
      flows: [
        TAB,
        config([{ name: 'calls', dbmode: 4, ...more }, { name: 'orders' }]),
        ...probe({ id: 'fetch', type: 'mq-fetch', queue: 'calls' }, 2),
        ...probe({ id: 'order', type: 'mq-add', queue: 'orders' }),
      ],
      env: { NODE_RED_TOKEN: token },
      settings: { httpAdminRoot: '/admin' },
      settingsCode: recipe('settings').replaceAll('$2y$08$…', hashSync('secret', 4)),
    })
    return nodeRed
  }

  async function prepare(): Promise<void> {
    userDir = makeUserDir()
    redPort = await freePort()
  }

  async function send(method: string, items: [string, string | Buffer][]): Promise<void> {
    for (const [callId, body] of items) {
      assert.equal(await phone.ask({ method, callId, body }), 200, kamailio.log)
    }
  }

  /** Takes as many items as are expected, as they come. */
  async function take(red: NodeRed, count: number): Promise<unknown[][]> {
    const items: unknown[][] = []
    const deadline = Date.now() + 30_000
    while (items.length < count) {
      const { port: output, msg } = await red.ask('fetch')
      if (output === 0) items.push([msg?.mqk, msg?.mqv])
      else if (Date.now() > deadline) assert.fail(`${JSON.stringify(items)}\n${kamailio.log}`)
    }
    return items
  }

  const logged = (text: RegExp) => until(() => text.test(kamailio.log), `the log to have ${text}`)

  it('are all tried', () => {
    const here = ['settings', 'token', 'http_client', 'http_async_client', 'base64', 'fetch']
    assert.deepEqual(RECIPES, ['live', 'remote', ...here])
  })

  describe('while Node-RED is there', () => {
    let red: NodeRed
    before(async () => {
      await prepare()
      red = await startNodeRed()
    })
    after(() => red?.stop())

    describe('as they stand', () => {
      before(() => startKamailio())
      after(stopKamailio)

      it('http_client adds any text, one after the other', async () => {
        await send('MESSAGE', HOSTILE)
        assert.deepEqual(await take(red, HOSTILE.length), HOSTILE)
        assert.doesNotMatch(kamailio.log, /ERROR/)
      })

      it('http_async_client adds any text', async () => {
        await send('INFO', HOSTILE)
        assert.deepEqual(await take(red, HOSTILE.length), HOSTILE)
        assert.doesNotMatch(kamailio.log, /ERROR|sent later/)
      })

      it('go on behind what is not UTF-8', async () => {
        const items: [string, string | Buffer][] = [
          ['bytes', Buffer.from([0xff, 0xc3, 0x28])],
          ['next', 'text'],
        ]
        await send('MESSAGE', items)
        assert.deepEqual(await take(red, 1), [['next', 'text']])
        assert.match(kamailio.log, /cannot take the event of bytes/)
        await send('INFO', items)
        assert.deepEqual(await take(red, 1), [['next', 'text']])
        assert.match(kamailio.log, /the event of bytes is not UTF-8/)
      })

      it('base64 needs no module, and takes any byte', async () => {
        const items: [string, Buffer][] = [
          ...HOSTILE.map(([key, value]): [string, Buffer] => [key, Buffer.from(value)]),
          ['bytes', Buffer.from([0xff, 0xc3, 0x28, 0x80])],
        ]
        await send('NOTIFY', items)
        const read = (await take(red, items.length)).map(([key, value]) => [
          Buffer.from(String(key), 'base64').toString(),
          Buffer.from(String(value), 'base64'),
        ])
        assert.deepEqual(read, items)
      })

      it('a fetch brings what Node-RED queues', async () => {
        await red.ask('order', { topic: 'alice', payload: 'say "grüße" \\' })
        await red.ask('order', { topic: 'bob', payload: 'second' })
        await logged(/ordered bob/)
        const ordered = [...kamailio.log.matchAll(/ordered (.*)/g)].map(([, text]) => text)
        assert.deepEqual(ordered, ['alice: say "grüße" \\', 'bob: second'])
      })
    })

    it('http_async_client need not hold up the call either', async () => {
      const told = '\txlog("L_ALERT", "told: $http_rs\\n");\n}'
      const text = ASYNC.replace(
        '$http_req(body)',
        '$http_req(suspend) = 0;\n\t\t$http_req(body)',
      ).replace(/\troute\(RELAY\);\n\}\s*$/, told)
      await startKamailio(text)
      try {
        await send('INFO', HOSTILE)
        const taken = await take(red, HOSTILE.length)
        assert.deepEqual(taken.toSorted(), HOSTILE.toSorted())
        await until(
          () => kamailio.log.match(/told: 200/g)?.length === HOSTILE.length,
          'the answers',
        )
        assert.doesNotMatch(kamailio.log, /ERROR|sent later/)
        assert.equal((await red.ask('fetch')).port, 1)
      } finally {
        await stopKamailio()
      }
    })

    it('a token can be had by a password, and may add but not read', async () => {
      const given = [...recipe('token').matchAll(/-d '([^']*)'/g)].map(([, pairs]) => pairs)
      const response = await fetch(`${red.url}/admin/auth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: given.join('&').replace('…', 'secret'),
      })
      const { access_token } = (await response.json()) as { access_token: string }
      const call = async (token: string, method: string, params: unknown[]) => {
        const body = { jsonrpc: '2.0', id: 1, method, params }
        const headers = { Authorization: `Bearer ${token}` }
        return (await red.post('admin/mqueue/rpc', body, headers)).status
      }
      for (const token of [access_token, TOKEN]) {
        assert.equal(await call(token, 'mqueue.add', ['calls', 'k', 'v']), 200)
        assert.equal(await call(token, 'mqueue.get_size', ['calls']), 401)
      }
      for (const token of ['undefined', 'wrong']) {
        assert.equal(await call(token, 'mqueue.add', ['calls', 'k', 'v']), 401)
      }
      assert.deepEqual(await take(red, 2), [
        ['k', 'v'],
        ['k', 'v'],
      ])
    })
  })

  describe('while Node-RED is away, full or wary', () => {
    beforeEach(async () => {
      await prepare()
      await startKamailio()
    })
    afterEach(async () => {
      await stopKamailio()
      await nodeRed?.stop()
      nodeRed = undefined
    })

    it('http_client keeps what nobody takes, in order', async () => {
      await send('MESSAGE', HOSTILE.slice(0, 3))
      await logged(/takes no events: -?\d+/)
      const wary = await startNodeRed({ token: 'another' })
      await send('MESSAGE', HOSTILE.slice(3))
      await wary.stop({ keep: true })
      assert.deepEqual(await take(await startNodeRed(), HOSTILE.length), HOSTILE)
      assert.equal(kamailio.log.match(/takes no events/g)?.length, 1)
    })

    it('http_client says why its token is not taken', async () => {
      await startNodeRed({ token: 'another' })
      await send('MESSAGE', HOSTILE.slice(0, 1))
      await logged(/takes no events: 401/)
    })

    it('http_client waits until a full queue has room', async () => {
      const red = await startNodeRed({ size: 1, whenFull: 'refuse' })
      await send('MESSAGE', HOSTILE.slice(0, 3))
      await logged(/takes no events: 409 .*Queue full/)
      assert.deepEqual(await take(red, 3), HOSTILE.slice(0, 3))
    })

    it('http_client does not hold up SIP while Node-RED stands still, and loses nothing', async () => {
      const red = await startNodeRed()
      red.pause()
      try {
        await send('MESSAGE', HOSTILE.slice(0, 2))
        await logged(/takes no events/)
        assert.equal(await phone.ask({ method: 'OPTIONS' }), 200)
      } finally {
        red.resume()
      }
      // What timed out may have been taken all the same.
      const seen = new Set<unknown>()
      while (seen.size < 2) for (const [key] of await take(red, 1)) seen.add(key)
      assert.deepEqual([...seen], [HOSTILE[0]?.[0], HOSTILE[1]?.[0]])
    })

    it('http_async_client leaves the SIP worker free while Node-RED stands still', async () => {
      const red = await startNodeRed()
      const order: string[] = []
      red.pause()
      try {
        const call = send('INFO', HOSTILE.slice(0, 1)).then(() => order.push('call'))
        await phone.ask({ method: 'OPTIONS' }).then(() => order.push('another'))
        await call
        assert.deepEqual(order, ['another', 'call'])
        assert.match(kamailio.log, /sent later/)
      } finally {
        red.resume()
      }
      assert.deepEqual((await take(red, 1))[0], HOSTILE[0])
    })

    it('http_async_client leaves to http_client what Node-RED did not take', async () => {
      await send('INFO', HOSTILE)
      assert.equal(kamailio.log.match(/sent later/g)?.length, HOSTILE.length)
      assert.deepEqual(await take(await startNodeRed(), HOSTILE.length), HOSTILE)
    })
  })
})
