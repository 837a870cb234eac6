/** The commands of docs/rpc.md, run in a shell as they stand there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { config, TAB } from '../support/flows.ts'
import { NodeRed } from '../support/node-red.ts'
import { read } from '../support/pages.ts'

const require = createRequire(import.meta.url)
const { hashSync } = createRequire(require.resolve('node-red'))('bcryptjs')
const [PLAIN = '', WITH_TOKEN = ''] = [
  ...read('docs/rpc.md').matchAll(/^```\n([\s\S]*?)^```$/gm),
].map(([, block]) => block as string)

const QUEUES = config([{ name: 'calls' }, { name: 'urgent' }])

/** What a shell prints for commands of the page. */
async function run(nodeRed: NodeRed, commands: string): Promise<string> {
  const script = commands
    .replaceAll('http://127.0.0.1:1880', nodeRed.url)
    .replaceAll('password=…', 'password=secret')
    .replaceAll(/curl (?!-s)/g, 'curl -s ')
  return (await promisify(execFile)('sh', ['-c', script])).stdout.trim()
}

const add = (key: string, value: string) => `curl http://127.0.0.1:1880/mqueue/rpc \
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{"jsonrpc":"2.0","id":1,"method":"mqueue.add","params":["calls","${key}","${value}"]}'`

describe('the commands of docs/rpc.md', () => {
  it('print what the page says', async () => {
    const nodeRed = await NodeRed.start({ flows: [TAB, QUEUES] })
    try {
      await run(nodeRed, add('alice', 'ringing'))
      await run(nodeRed, add('bob', 'ringing'))
      const examples = PLAIN.trim().split('\n\n')
      assert.equal(examples.length, 3)
      for (const example of examples) {
        const lines = example.split('\n')
        assert.equal(await run(nodeRed, lines.slice(0, -1).join('\n')), lines.at(-1))
      }
    } finally {
      await nodeRed.stop()
    }
  })

  it('get a token where there is adminAuth', async () => {
    const admin = { username: 'admin', password: hashSync('secret', 4), permissions: '*' }
    const settings = { adminAuth: { type: 'credentials', users: [admin] } }
    const nodeRed = await NodeRed.start({ flows: [TAB, QUEUES], settings })
    try {
      const [token = '', fetch = ''] = WITH_TOKEN.split(/\n(?=curl)/)
      await run(nodeRed, `${token}\n${add('alice', 'ringing')}`)
      assert.equal(
        await run(nodeRed, `${token}\n${fetch}`),
        '{"jsonrpc":"2.0","id":1,"result":{"key":"alice","val":"ringing"}}',
      )
    } finally {
      await nodeRed.stop()
    }
  })
})
