// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as Node-RED writes them
/** The dialog's question to a real Kamailio, over real HTTP. What all such questions share is in test-connection.test.ts. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { kamailioVersion, Rig } from '../kamailio/rig.ts'
import { TAB } from '../support/flows.ts'
import { freePort } from '../support/free-port.ts'
import { NodeRed } from '../support/node-red.ts'
import { requires } from '../support/required.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')
const USERS = [
  { username: 'admin', password: hashSync('x', 4), permissions: '*' },
  { username: 'reader', password: hashSync('x', 4), permissions: 'read' },
  { username: 'queues', password: hashSync('x', 4), permissions: ['mqueue.write'] },
]

describe('the question which queues a Kamailio has', () => {
  requires(kamailioVersion() !== undefined, 'apt-get install kamailio kamailio-json-modules')
  let nodeRed: NodeRed
  let rig: Rig
  const tokens = new Map<string, string>()
  before(async () => {
    rig = await Rig.start({ queues: ['name=calls', 'name=B-side', 'name=c'] })
    nodeRed = await NodeRed.start({
      flows: [TAB],
      env: { RPC: rig.url },
      settings: { adminAuth: { type: 'credentials', users: USERS } },
    })
    for (const user of USERS) tokens.set(user.username, await nodeRed.login(user, 'x'))
  })
  after(async () => {
    await nodeRed?.stop()
    await rig?.stop()
  })

  async function ask(body: object, user = 'admin') {
    const headers = { Authorization: `Bearer ${tokens.get(user)}` }
    const response = await nodeRed.post('mqueue/ask-kamailio', body, headers)
    const text = await response.text()
    return { status: response.status, ...(text.startsWith('{') ? JSON.parse(text) : {}) }
  }

  it('is answered in the order in which it defines them, with the sizes', async () => {
    await rig.play({ op: 'add', q: 'c', key: 'k', val: 'v' })
    const queues = [
      { name: 'calls', size: 0 },
      { name: 'B-side', size: 0 },
      { name: 'c', size: 1 },
    ]
    assert.deepEqual(await ask({ rpcUrl: rig.url }), { status: 200, ok: true, queues })
    assert.deepEqual(await ask({ rpcUrl: '${RPC}' }), { status: 200, ok: true, queues })
  })

  it('is answered with what is wrong', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}/RPC`
    for (const [body, reason] of [
      [
        { rpcUrl: nobody },
        /^Kamailio at 127\.0\.0\.1:\d+ cannot be used: the connection was refused\./,
      ],
      [{ rpcUrl: rig.url.replace('/RPC', '/other') }, /there is no RPC at the path of its address/],
      [{ rpcUrl: 'sip:secret@a' }, /^The address of the RPC cannot be used: leave it blank/],
      [{ tls: 'missing' }, /TLS configuration is not deployed yet/],
      [{ user: {} }, /must be a text/],
    ] as const) {
      const { status, ok, message } = await ask(body)
      assert.deepEqual([status, ok], [200, false])
      assert.match(message, reason)
      assert.doesNotMatch(message, /secret/)
    }
  })

  it('needs the permission to write, and that to deploy where stored things are sent', async () => {
    assert.equal((await ask({ rpcUrl: rig.url }, 'reader')).status, 401)
    assert.equal((await ask({ rpcUrl: rig.url }, 'queues')).ok, true)
    assert.equal((await ask({ rpcUrl: '${RPC}' }, 'queues')).status, 401)
  })
})
