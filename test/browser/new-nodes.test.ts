/** Nodes that are new on the canvas: what they choose by themselves, and how their queue comes to be. */
import assert from 'node:assert/strict'
import { FLOW_TYPES } from '../support/node-types.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

describeEditor('a node that is new on the canvas', (shared, it) => {
  const page = () => shared.editor.page
  const read = <T>(id: string, ...properties: string[]) =>
    shared.editor.value<T[]>(
      `${JSON.stringify(properties)}.map((name) => RED.nodes.node(${JSON.stringify(id)})[name])`,
    )
  const define = () => page().locator('#mqueue-queue-problem button')
  const drop = async (type: string, y: number) => {
    const id = await shared.editor.drag(type, 300, y)
    const [mqueue = '', queue, valid] = await read<string | boolean>(id, 'mqueue', 'queue', 'valid')
    return { id, mqueue, queue, valid }
  }
  let first = ''
  let config = ''

  it('has no config node where there is none, and its dialog offers to define a queue', async () => {
    const dropped = await drop('mq-add', 60)
    first = dropped.id
    assert.deepEqual([dropped.mqueue, dropped.queue, dropped.valid], ['', '', false])
    await shared.editor.edit(first)
    await define().click()
  })

  it('a new config node begins with a row, whose name has the focus', async () => {
    const dialog = new QueueDialog(shared.editor)
    await dialog.form.locator('.mqueue-name:focus').waitFor()
    assert.equal(await dialog.rows.count(), 1)
    assert.equal(await dialog.problem(0), '')
    await page().keyboard.type('calls')
    await dialog.done()
    await page().waitForFunction(`$('#node-input-queue').val() === 'calls'`)
    assert.equal(await define().count(), 0)
    await shared.editor.done()
    const [mqueue, valid] = await read<string | boolean>(first, 'mqueue', 'valid')
    config = String(mqueue)
    assert.equal(valid, true)
    const [queues] = await read<{ name: string }[]>(config, 'queues')
    assert.deepEqual(
      queues?.map(({ name }) => name),
      ['calls'],
    )
  })

  for (const type of FLOW_TYPES.filter((one) => one !== 'mq-pv-free')) {
    it(`${type} takes the only config node, and its only queue`, async () => {
      const y = 120 + 50 * FLOW_TYPES.indexOf(type)
      const { mqueue, queue, valid } = await drop(type, y)
      assert.deepEqual([mqueue, valid], [config, true])
      assert.equal(queue, type === 'mq-ack' ? undefined : 'calls')
    })
  }

  it('an untouched row is neither kept nor wrong', async () => {
    await shared.editor.edit(first)
    const dialog = await QueueDialog.open(shared.editor, 'add')
    await dialog.form.locator('.mqueue-name:focus').waitFor()
    await dialog.form.locator('.red-ui-editableList-addButton').click()
    await dialog.rows.nth(1).locator('.mqueue-name:focus').waitFor()
    await dialog.form.locator('#node-config-input-name').fill('others')
    assert.deepEqual([await dialog.problem(0), await dialog.problem(1)], ['', ''])
    await dialog.done()
    await page().waitForFunction(`RED.nodes.node($('#node-input-mqueue').val())?.name === 'others'`)
    const others = await page().locator('#node-input-mqueue').inputValue()
    assert.deepEqual(await read(others, 'queues', 'valid'), [[], true])
  })

  it('a queue that is chosen and not defined is defined from the dialog, in a row of its name', async () => {
    await page().waitForFunction(`/calls/.test($('#mqueue-queue-problem').text())`)
    await define().click()
    const dialog = new QueueDialog(shared.editor)
    await dialog.form.locator('.mqueue-name:focus').waitFor()
    assert.equal(await dialog.rows.count(), 1)
    assert.equal(await dialog.field(0, 'name').inputValue(), 'calls')
    await dialog.add('late')
    await dialog.done()
    await page().waitForFunction(`$('#mqueue-queue-problem').text() === ''`)
    await shared.editor.done()
    const [mqueue, valid] = await read<string | boolean>(first, 'mqueue', 'valid')
    assert.equal(valid, true)
    assert.notEqual(mqueue, config)
  })

  it('takes the config node that was used last, and no queue where there are two', async () => {
    const [last] = await read<string>(first, 'mqueue')
    const { mqueue, queue } = await drop('mq-size', 520)
    assert.deepEqual([mqueue, queue], [last, ''])
  })

  for (const [type, label] of Object.entries({
    'mq-fetch': 'queue fetch',
    'mq-control': 'queue ctrl',
  })) {
    it(`${type} is called as in the palette while no queue is chosen`, async () => {
      const { id, queue } = await drop(type, 560)
      assert.equal(queue, '')
      await shared.editor.node(id).getByText(label, { exact: true }).waitFor()
    })
  }

  it('is left as it is when it is imported', async () => {
    const node = { id: 'imported', type: 'mq-add', mqueue: '', queue: '', queueType: 'queue' }
    const nodes = [{ ...node, x: 500, y: 100, wires: [[]] }]
    await shared.editor.value(
      `RED.view.importNodes(${JSON.stringify(nodes)}, { generateIds: false })`,
    )
    await page()
      .locator('#red-ui-workspace-chart')
      .click({ position: { x: 600, y: 400 } })
    assert.deepEqual(await read('imported', 'mqueue', 'queue'), ['', ''])
    await shared.editor.node('imported').getByText('queue add', { exact: true }).waitFor()
    assert.deepEqual(shared.editor.errors, [])
  })
})
