/** Queues that are renamed or removed in the dialog while they hold items. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { oneOfEach } from './flows.ts'
import { describeEditor, type InEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

const ROWS = [
  { name: 'calls', size: '', addmode: '', dbmode: 0, id: 'c1', deadLetter: 'lost' },
  { name: 'lost', size: '', addmode: '', dbmode: 0, id: 'l1' },
]
/** As they are in a flow that no dialog has written ids into. */
const WITHOUT_IDS = ROWS.map(({ id: _, ...row }) => row)
const flows: FlowNode[] = [
  ...oneOfEach(ROWS),
  {
    ...{ id: 'in', type: 'inject', z: 'tab', name: 'in', x: 80, y: 400, wires: [['add']] },
    ...{ props: [{ p: 'payload' }], payload: 'x', payloadType: 'str', topic: '' },
    ...{ repeat: '', crontab: '', once: false, onceDelay: 0.1 },
  },
  {
    ...{ id: 'other', type: 'mq-size', z: 'tab', mqueue: 'config', queue: 'lost' },
    ...{ sizeTo: 'payload', x: 480, y: 400, wires: [[]] },
  },
]
const NAMERS = ['add', 'fetch', 'size', 'free', 'consume', 'control']

/** What the editor has of queues and of the nodes that name them. */
function inEditor({ editor }: InEditor) {
  const one = (id: string) =>
    `(({ queue, changed }) => [queue, !!changed])(RED.nodes.node('${id}'))`
  const ids = [...NAMERS, 'other']
  return editor.value<{ names: string[]; nodes: Record<string, [string, boolean]>; steps: number }>(
    `({
      names: RED.nodes.node('config').queues.map(({ name, deadLetter = '' }) => name + '>' + deadLetter),
      nodes: { ${ids.map((id) => `${id}: ${one(id)}`).join()} },
      steps: RED.history.list().length,
    })`,
  )
}

/** Adds an item to the queue "calls", whatever dialog is open. */
const inject = ({ editor }: InEditor) => editor.value(`$.post('inject/in')`)

/** Waits until these queues run, each with so many items: a deploy is answered before its nodes have started. */
async function runs({ editor }: InEditor, ...queues: string[]): Promise<void> {
  const running = `$.getJSON('mqueue/queues').then(({ nodes }) => nodes.flatMap(({ queues }) =>
    queues.map(({ name, size, leased }) => name + ' ' + (size + leased))).sort().join())`
  await editor.page.waitForFunction(
    `${running}.then((found) => found === ${JSON.stringify(queues.sort().join())})`,
    undefined,
    { polling: 500 },
  )
}

describeEditor(
  'a queue that holds items',
  (shared, it) => {
    let dialog: QueueDialog
    const open = async () => {
      await shared.editor.edit('add')
      dialog = await QueueDialog.open(shared.editor)
    }
    const press = async (keys: string) => {
      await shared.editor.page.locator('#red-ui-workspace-chart').focus()
      await shared.editor.page.keyboard.press(keys)
    }
    const held = (row: number) => dialog.rows.nth(row).locator('.mqueue-held')
    const box = (row: number) => dialog.rows.nth(row).locator('.mqueue-renamed input')
    const removed = () => dialog.form.locator('#mqueue-removed')

    it('says how many while its name is changed, as they come and go', async () => {
      for (let count = 0; count < 3; count++) await inject(shared)
      await open()
      assert.equal(await dialog.form.locator('.mqueue-renamed:visible').count(), 0)
      await dialog.field(0, 'name').fill('jobs')
      const said = (count: number) =>
        held(0).getByText(`Items in the queue: ${count}. They stay in it under the new name.`)
      await said(3).waitFor()
      await inject(shared)
      await said(4).waitFor()
    })

    it('says nothing more when the name is as it was, and nothing of an empty one', async () => {
      await dialog.field(0, 'name').fill('calls')
      await held(0).waitFor({ state: 'hidden' })
      await dialog.field(0, 'name').fill('jobs')
      await held(0).waitFor()
      await dialog.field(1, 'name').fill('gone')
      await box(1).waitFor()
      assert.equal(await held(1).innerText(), '')
      await dialog.field(1, 'name').fill('lost')
    })

    it('renames itself in the nodes that name it, in one step with the dialog', async () => {
      const choice = dialog.rows.nth(0).locator('.mqueue-renamed label')
      assert.equal(
        (await choice.innerText()).trim(),
        'Use the new name in the nodes that name the queue: 6',
      )
      const { steps } = await inEditor(shared)
      await dialog.done()
      await shared.editor.page.waitForFunction(`$('#node-input-queue').val() === 'jobs'`)
      const shown = shared.editor.page.locator('#node-input-queue + .red-ui-typedInput-container')
      assert.equal((await shown.innerText()).trim(), 'jobs')
      await shared.editor.cancel()
      const after = await inEditor(shared)
      assert.deepEqual(after.names, ['jobs>lost', 'lost>'])
      for (const id of NAMERS) assert.deepEqual(after.nodes[id], ['jobs', true], id)
      assert.deepEqual(after.nodes.other, ['lost', false])
      assert.equal(after.steps, steps + 1)
    })

    it('is called as before, with its nodes, once that is undone, and renamed when it is done again', async () => {
      await press('Control+z')
      const undone = await inEditor(shared)
      assert.deepEqual(undone.names, ['calls>lost', 'lost>'])
      for (const id of NAMERS) assert.deepEqual(undone.nodes[id], ['calls', false], id)
      await press('Control+y')
      const redone = await inEditor(shared)
      assert.deepEqual(redone.names, ['jobs>lost', 'lost>'])
      for (const id of NAMERS) assert.deepEqual(redone.nodes[id], ['jobs', true], id)
    })

    it('is known before the deploy by its row, and keeps its items in it', async () => {
      await open()
      await dialog.field(0, 'name').fill('tasks')
      await held(0).getByText('Items in the queue: 4.').waitFor()
      await dialog.field(0, 'name').fill('jobs')
      await dialog.done()
      await shared.editor.cancel()
      await shared.editor.deploy()
      await runs(shared, 'jobs 4', 'lost 0')
    })

    it('leaves the nodes as they are where that is chosen', async () => {
      await open()
      await dialog.field(0, 'name').fill('calls')
      await box(0).uncheck()
      await dialog.done()
      await shared.editor.cancel()
      const { names, nodes } = await inEditor(shared)
      assert.deepEqual(names, ['calls>lost', 'lost>'])
      for (const id of NAMERS) assert.deepEqual(nodes[id], ['jobs', false], id)
      await press('Control+z')
    })

    it('swaps its name with another one, also in the nodes and as a dead letter queue', async () => {
      await open()
      await dialog.field(0, 'name').fill('x')
      await dialog.field(1, 'name').fill('jobs')
      await dialog.field(0, 'name').fill('lost')
      await dialog.done()
      await shared.editor.cancel()
      const { names, nodes } = await inEditor(shared)
      assert.deepEqual(names, ['lost>jobs', 'jobs>'])
      assert.equal(nodes.fetch?.[0], 'lost')
      assert.equal(nodes.other?.[0], 'jobs')
      await shared.editor.deploy()
      await runs(shared, 'lost 4', 'jobs 0')
    })

    it('says how many go with its row when that is removed, and can be kept', async () => {
      await open()
      const remove = (row: number) => dialog.rows.nth(row).getByLabel('Remove the queue').click()
      await remove(0)
      const said = removed().getByText('Items that go with the queue "lost" at the next deploy: 4.')
      await said.waitFor()
      await removed().getByRole('button', { name: 'Keep the queue' }).click()
      await said.waitFor({ state: 'hidden' })
      assert.equal(await dialog.field(1, 'name').inputValue(), 'lost')
      await dialog.done()
      await shared.editor.cancel()
      await shared.editor.deploy()
      await runs(shared, 'jobs 0', 'lost 4')
    })

    it('says how many go with its config node when that is deleted', async () => {
      await open()
      await shared.editor.page.getByRole('button', { name: 'Delete', exact: true }).last().click()
      await dialog.form.waitFor({ state: 'detached' })
      await shared.editor.page
        .locator('.red-ui-notification')
        .getByText('The config node "my queues" is deleted.')
        .getByText('Items that go with its queues at the next deploy: 4.')
        .waitFor()
      assert.deepEqual(shared.editor.errors, [])
    })
  },
  { flows },
)

describeEditor(
  'queues of a flow whose rows never had an id',
  (shared, it) => {
    let dialog: QueueDialog
    const removed = () => dialog.form.locator('#mqueue-removed')

    it('are said to go where another row gets the name of one that is removed', async () => {
      for (let count = 0; count < 3; count++) await inject(shared)
      await shared.editor.edit('add')
      dialog = await QueueDialog.open(shared.editor)
      await dialog.rows.nth(0).getByLabel('Remove the queue').click()
      const said = removed().getByText('Items that go with the queue "calls"')
      await said.waitFor()
      await dialog.field(0, 'name').fill('calls')
      await dialog.rows.nth(0).locator('.mqueue-renamed input').waitFor()
      await said.waitFor()
    })

    it('are said to go where they will live in another engine, renamed or not', async () => {
      const engine = dialog.form.locator('#node-config-input-engine')
      await dialog.field(0, 'name').fill('lost')
      await removed().getByRole('button', { name: 'Keep the queue' }).click()
      await dialog.field(1, 'name').fill('jobs')
      const stay = dialog.rows.nth(1).getByText('Items in the queue: 3.')
      await stay.waitFor()
      await engine.selectOption('redis')
      const said = removed().getByText(
        'Items of the queue "calls" that go at the next deploy, since it lives elsewhere then: 3.',
      )
      await said.waitFor()
      assert.equal(await stay.isVisible(), false)
      await dialog.field(1, 'name').fill('calls')
      assert.equal(await said.isVisible(), true)
      assert.equal(await removed().getByRole('button').count(), 0)
      await engine.selectOption('memory')
      await said.waitFor({ state: 'detached' })
    })

    it('keep what they hold when they are renamed, and again before the deploy', async () => {
      await dialog.field(1, 'name').fill('jobs')
      await dialog.rows.nth(1).getByText('Items in the queue: 3.').waitFor()
      await dialog.done()
      dialog = await QueueDialog.open(shared.editor)
      await dialog.field(1, 'name').fill('tasks')
      await dialog.rows.nth(1).getByText('Items in the queue: 3.').waitFor()
      await dialog.done()
      await shared.editor.cancel()
      await shared.editor.deploy()
      await runs(shared, 'lost 0', 'tasks 3')
      assert.deepEqual(shared.editor.errors, [])
    })
  },
  {
    flows: flows.map((node) => (node.type === 'mqueue' ? { ...node, queues: WITHOUT_IDS } : node)),
  },
)

describeEditor(
  'a queue that holds items, for a user who may not look at queues',
  (shared, it) => {
    it('says nothing of them, and is renamed in its nodes all the same', async () => {
      const asked: string[] = []
      shared.editor.page.on('request', (request) => asked.push(request.url()))
      await shared.editor.edit('add')
      const dialog = await QueueDialog.open(shared.editor)
      await dialog.field(0, 'name').fill('jobs')
      await dialog.rows.nth(0).locator('.mqueue-renamed input').waitFor()
      await dialog.rows.nth(1).getByLabel('Remove the queue').click()
      assert.equal(await dialog.rows.nth(0).locator('.mqueue-held').innerText(), '')
      assert.equal(await dialog.form.locator('#mqueue-removed').innerText(), '')
      await dialog.done()
      const { nodes } = await inEditor(shared)
      for (const id of NAMERS) assert.equal(nodes[id]?.[0], 'jobs', id)
      assert.deepEqual(
        asked.filter((url) => /^\/mqueue\//.test(new URL(url).pathname)),
        [],
      )
      assert.deepEqual(shared.editor.errors, [])
    })
  },
  {
    flows,
    settings: {
      adminAuth: {
        type: 'credentials',
        users: [],
        default: {
          permissions: [
            ...[
              'context',
              'credentials',
              'flows',
              'library',
              'nodes',
              'plugins',
              'settings',
              'status',
            ].map((what) => `${what}.read`),
            'flows.write',
          ],
        },
      },
    },
  },
)
