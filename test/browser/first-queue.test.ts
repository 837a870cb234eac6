import assert from 'node:assert/strict'
import { ByMouse } from './by-mouse.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'

describeEditor('the first queue is built from nothing', (shared, it) => {
  const ids: Record<string, string> = {}
  const id = (name: string) => ids[name] as string
  const invalid = (name: string) =>
    shared.editor.value<boolean>(`RED.nodes.node(${JSON.stringify(id(name))}).valid === false`)

  it('by dragging nodes from the palette and wiring them', async () => {
    const { editor } = shared
    ids.in = await editor.drag('inject', 140, 80)
    ids.add = await editor.drag('mq-add', 340, 80)
    ids.added = await editor.drag('debug', 560, 80)
    ids.out = await editor.drag('inject', 140, 200)
    ids.fetch = await editor.drag('mq-fetch', 340, 200)
    ids.item = await editor.drag('debug', 560, 160)
    ids.empty = await editor.drag('debug', 560, 240)
    await editor.wire(id('in'), id('add'))
    await editor.wire(id('add'), id('added'))
    await editor.wire(id('out'), id('fetch'))
    await editor.wire(id('fetch'), id('item'))
    await editor.wire(id('fetch'), id('empty'), 1)
    assert.ok(await invalid('add'), 'no queue is chosen yet')
    await editor.node(id('add')).locator('.red-ui-flow-node-error').waitFor()
  })

  it('by adding a config node with two queues, after a mistake that is flagged', async () => {
    const { editor } = shared
    await editor.edit(id('add'))
    const dialog = await QueueDialog.open(editor, 'add')
    await dialog.form.locator('#node-config-input-name').fill('my queues')
    await dialog.add('first', 'ten')
    await dialog.add('second')
    assert.match(await dialog.problem(0), /size must be a whole number/)
    assert.equal(await dialog.rows.locator('.mqueue-bad').count(), 1)
    assert.ok((await dialog.field(0, 'size').getAttribute('class'))?.includes('input-error'))
    await dialog.field(0, 'size').fill('10')
    assert.equal(await dialog.problem(0), '')
    assert.equal(await dialog.rows.locator('.mqueue-bad').count(), 0)
    await dialog.done()
  })

  it('by choosing the queue', async () => {
    const { editor } = shared
    await editor.chooseQueue('first')
    await editor.done()
    assert.ok(!(await invalid('add')))
    await editor.node(id('add')).getByText('add to first').waitFor()
    await editor.edit(id('fetch'))
    await editor.page.locator('#node-input-mqueue').selectOption({ label: 'my queues' })
    await editor.chooseQueue('first')
    await editor.done()
    assert.ok(!(await invalid('fetch')))
  })

  it('by naming what the debug nodes show', async () => {
    const { editor } = shared
    for (const [name, property] of [['added'], ['item', 'mqv'], ['empty', 'mqsize']] as const) {
      const form = await editor.edit(id(name))
      await form.locator('#node-input-name').fill(name)
      if (property !== undefined)
        await form.locator('.red-ui-typedInput-input').first().fill(property)
      await editor.done()
    }
  })

  it('and runs once it is deployed', async () => {
    const { editor } = shared
    const hands = new ByMouse(shared, await editor.value('RED.workspaces.active()'))
    const size = (text: string) =>
      editor.node(id('add')).locator('.red-ui-flow-node-status-group').getByText(text).waitFor()
    await editor.showDebug()
    await editor.deploy()
    await size('0 / 10')
    await editor.inject(id('in'))
    const value = await hands.next('added')
    await size('1 / 10')
    await editor.inject(id('out'))
    assert.equal(await hands.next('item'), value)
    await editor.inject(id('out'))
    assert.equal(await hands.next('empty'), '0')
    await size('0 / 10')
    assert.deepEqual(editor.errors, [])
  })
})
