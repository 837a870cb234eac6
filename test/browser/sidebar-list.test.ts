/** The list of all queues in the sidebar. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'
import { type FlowNode, until } from '../support/node-red.ts'
import { assertAccessible } from './accessibility.ts'
import { describeEditor } from './in-editor.ts'
import { QueueDialog } from './queue-dialog.ts'
import { RequestCount, SidebarTab } from './sidebar.ts'

const away = `redis://127.0.0.1:${await freePort()}`
const shared = { z: 'tab', mqueue: 'config', queueType: 'queue', wires: [[]] }
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Telephony' },
  {
    id: 'config',
    type: 'mqueue',
    name: 'phone queues',
    engine: 'memory',
    queues: [{ name: 'calls', size: 20 }, { name: 'lost' }, { name: 'kept', dbmode: 1 }],
  },
  { id: 'more', type: 'mqueue', name: '', engine: 'memory', queues: [{ name: 'x', size: -1 }] },
  {
    id: 'distant',
    type: 'mqueue',
    name: 'far',
    engine: 'redis',
    redisUrl: away,
    queues: [{ name: 'shared' }],
  },
  {
    ...{ id: 'in', type: 'inject', z: 'tab', repeat: '0.1', x: 120, y: 80, wires: [['add']] },
    props: [{ p: 'payload' }, { p: 'topic', vt: 'str' }],
    topic: 'key',
    payload: 'hello',
    payloadType: 'str',
  },
  {
    ...{ ...shared, id: 'add', type: 'mq-add', queue: 'calls', x: 300, y: 80 },
    ...{ key: 'topic', keyType: 'msg', value: 'payload', valueType: 'msg' },
  },
  { ...shared, id: 'size', type: 'mq-size', queue: 'lost', sizeTo: 'payload', x: 300, y: 160 },
  { ...shared, id: 'any', type: 'mq-size', queue: 'q', queueType: 'msg', x: 300, y: 240 },
]

describeEditor(
  'the list of the sidebar',
  (editorOf, it) => {
    let sidebar: SidebarTab
    let asked: RequestCount
    const value = <T>(expression: string) => editorOf.editor.value<T>(expression)
    const focused = () => value<string>('document.activeElement.className')

    it('loads nothing and asks nothing before it is shown', async () => {
      sidebar = new SidebarTab(editorOf.editor)
      asked = new RequestCount(editorOf.editor, /\/mqueue\/queues$/)
      const modules = await value<string[]>(
        `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /sidebar\\/sidebar\\.js/.test(name))`,
      )
      assert.deepEqual(modules, [])
      assert.equal(await sidebar.root.innerHTML(), '')
      assert.equal(asked.count, 0)
    })

    it('shows the queues of every config node, and where they live', async () => {
      await sidebar.show()
      await sidebar.line('shared').waitFor()
      assert.deepEqual(await sidebar.names(), ['calls', 'lost', 'kept', 'shared'])
      const nodes = await sidebar.root.locator('.mqueue-line-node').allInnerTexts()
      assert.match(nodes[0] ?? '', /phone queues\s+3\s+in memory, SQLite file/)
      assert.match(nodes[1] ?? '', /mqueue\s+0\s+in memory/)
      assert.match(nodes[2] ?? '', /far\s+1\s+Redis/)
    })

    it('says what is wrong with a definition, and why a queue cannot be used', async () => {
      const wrong = await sidebar.root.locator('.mqueue-line-error').innerText()
      assert.match(wrong, /"x".*Size/)
      const problem = sidebar.line('shared').locator('.mqueue-problem')
      await problem.getByText(/ECONNREFUSED|cannot be reached/).waitFor()
      assert.match(
        (await sidebar.line('shared').getAttribute('aria-label')) ?? '',
        /^shared: .*127/,
      )
    })

    it('moves while a flow runs', async () => {
      const line = sidebar.line('calls')
      await line.getByText('20 / 20').waitFor()
      await line.getByText(/dropped: overflow [1-9]/).waitFor()
      await line.getByText(/^\+[1-9]\d*(\.\d)? −0 \/s$/).waitFor()
      await line.getByText(/oldest \d+ sec/).waitFor()
      const meter = line.getByRole('meter', { includeHidden: true })
      assert.equal(await meter.getAttribute('aria-valuenow'), '20')
      assert.equal(await meter.getAttribute('aria-valuetext'), '20 of 20')
      const path = line.locator('.mqueue-added')
      const before = await path.getAttribute('d')
      assert.match(before ?? '', /^M/)
      const added = () => path.getAttribute('d')
      for (let now = before; now === before; now = await added()) await sleep(100)
      assert.match((await line.getAttribute('aria-label')) ?? '', /^calls: 20 of 20, oldest/)
    })

    it('asks once a second', async () => {
      const from = asked.starts.length
      await until(() => asked.starts.length >= from + 4, 'four more requests')
      const [first = 0, , , fourth = 0] = asked.starts.slice(from)
      // The page may be late with the first.
      assert.ok(fourth - first > 2700, `${fourth - first} ms between four requests`)
    })

    it('asks nothing while it is not shown, and while the page is not', async () => {
      const show = (state: string) =>
        value(`(() => {
          Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))
        })()`)
      for (const [hide, back] of [
        [() => sidebar.hide(), () => sidebar.show()],
        [() => show('hidden'), () => show('visible')],
      ] as const) {
        await hide()
        // The browser reports with its next picture whether it is in view.
        await value(
          'new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)))',
        )
        const before = asked.count
        await sleep(2500)
        assert.equal(asked.count, before)
        await back()
        await until(() => asked.count > before, 'another request')
      }
    })

    it('finds a queue, and is used by keyboard alone', async () => {
      const { keyboard } = editorOf.editor.page
      await sidebar.search.focus()
      await keyboard.type('LO')
      await sidebar.line('calls').waitFor({ state: 'detached' })
      assert.deepEqual(await sidebar.names(), ['lost'])
      await keyboard.press('ArrowDown')
      assert.match(await focused(), /mqueue-list/)
      await keyboard.press('End')
      await keyboard.press('Enter')
      await sidebar.opened.getByText('lost', { exact: true }).waitFor()
      assert.match(await focused(), /mqueue-opened/)
      await keyboard.press('Escape')
      await sidebar.opened.waitFor({ state: 'detached' })
      assert.match(await focused(), /mqueue-list/)
      await sidebar.search.fill('no such queue')
      await sidebar.root.getByText('No queue has that in its name.').waitFor()
      await sidebar.search.fill('')
      await sidebar.line('calls').waitFor()
    })

    it('goes through its lines with the arrows, and folds them', async () => {
      const { keyboard } = editorOf.editor.page
      const active = () =>
        value<string>(`(() => {
          const tree = document.querySelector('#mqueue-sidebar [role=tree]')
          return document.getElementById(tree.getAttribute('aria-activedescendant')).getAttribute('aria-label')
        })()`)
      await sidebar.list.focus()
      await keyboard.press('Home')
      assert.match(await active(), /^phone queues: queues: 3, in memory/)
      await keyboard.press('ArrowDown')
      assert.match(await active(), /^calls: /)
      await keyboard.press('ArrowLeft')
      assert.match(await active(), /^phone queues/)
      const first = sidebar.root.locator('.mqueue-line-node').first()
      assert.equal(await first.getAttribute('aria-expanded'), 'true')
      await keyboard.press('ArrowLeft')
      assert.equal(await first.getAttribute('aria-expanded'), 'false')
      assert.ok(!(await sidebar.names()).includes('calls'))
      await keyboard.press('ArrowRight')
      await keyboard.press('ArrowRight')
      assert.match(await active(), /^calls: /)
      await keyboard.press('End')
      assert.match(await active(), /^shared: /)
      // Nothing on the canvas has changed by it.
      assert.equal(await value('RED.nodes.dirty()'), false)
      await keyboard.press('Home')
      await first.click()
      assert.equal(await first.getAttribute('aria-expanded'), 'false')
      await first.click()
      await sidebar.line('calls').waitFor()
    })

    it('marks the queue of the node that is selected on the canvas', async () => {
      const { editor } = editorOf
      const marked = sidebar.root.locator('[aria-current] .mqueue-name')
      await editor.node('size').locator('.red-ui-flow-node').click()
      await marked.getByText('lost').waitFor()
      await editor.node('any').locator('.red-ui-flow-node').click()
      await marked.waitFor({ state: 'detached' })
      await editor.node('add').locator('.red-ui-flow-node').click()
      await marked.getByText('calls').waitFor()
      // Also of one that was selected before the sidebar was shown.
      await sidebar.hide()
      await editor.node('size').locator('.red-ui-flow-node').click()
      await sidebar.show()
      await marked.getByText('lost').waitFor()
    })

    it('is led to from a node by an action', async () => {
      await sidebar.hide()
      await value(`RED.actions.invoke('mqueue:show-queue')`)
      await sidebar.opened.getByText('lost', { exact: true }).waitFor()
      const labels = await value<string[]>(
        `['show-sidebar', 'show-queue'].map((name) => RED.actions.getLabel('mqueue:' + name))`,
      )
      assert.deepEqual(labels, ['Show the mqueue sidebar', 'Show the queue of the selected node'])
    })

    it('has the focus after its action, so that the keyboard goes on there', async () => {
      const focused = () =>
        editorOf.editor.page.waitForFunction(
          `document.activeElement.closest('#mqueue-sidebar') !== null`,
        )
      const away = () => value(`document.getElementById('red-ui-workspace-chart').focus()`)
      await away()
      await sidebar.show()
      await focused()
      await sidebar.button('All queues').click()
      await away()
      await sidebar.show()
      await focused()
      assert.equal(await value('document.activeElement.className'), 'mqueue-search')
      await value(`RED.actions.invoke('mqueue:show-queue')`)
      await sidebar.opened.waitFor()
    })

    it('leads to the nodes that use a queue', async () => {
      const summary = sidebar.opened.locator('summary')
      await summary.focus()
      await editorOf.editor.page.keyboard.press('Enter')
      const uses = sidebar.opened.locator('.mqueue-uses')
      await uses.getByRole('button', { name: /lost/ }).waitFor()
      assert.ok(await summary.evaluate((element) => element === document.activeElement))
      await uses.getByText('Nodes that use it: 1').waitFor()
      await value('RED.view.select({ nodes: [] })')
      await uses.getByRole('button', { name: /lost/ }).click()
      assert.deepEqual(await value('RED.view.selection().nodes.map(({ id }) => id)'), ['size'])
      await uses.getByText('at run time').waitFor()
      await uses.getByRole('button', { name: /msg\.q/ }).waitFor()
      await sidebar.button('All queues').click()
    })

    it('is led to from the dialog of a node', async () => {
      const { editor } = editorOf
      await editor.edit('add')
      const button = editor.page.getByRole('button', { name: 'Show the queue in the sidebar' })
      await button.click()
      await sidebar.opened.getByText('calls', { exact: true }).waitFor()
      await editor.chooseQueue('lost')
      await button.click()
      await sidebar.opened.getByText('lost', { exact: true }).waitFor()
      await assertAccessible(editor, '#mqueue-node')
      await editor.cancel()
      await editor.edit('any')
      assert.ok(await button.isDisabled())
      await editor.done()
    })

    it('opens the dialog of a config node', async () => {
      const { editor } = editorOf
      await sidebar.button('Edit the config node').click()
      const dialog = new QueueDialog(editor)
      assert.equal(await dialog.field(0, 'name').inputValue(), 'calls')
      await editor.opened()
      await dialog.done()
      await sidebar.button('All queues').click()
      await sidebar.list.getByRole('button', { name: 'Edit the config node far' }).click()
      await dialog.form.locator('#node-config-input-name').waitFor()
      assert.equal(await dialog.field(0, 'name').inputValue(), 'shared')
      await editor.opened()
      await dialog.done()
    })

    it('can be read, and fits a narrow sidebar', async () => {
      const { editor } = editorOf
      await sidebar.line('shared').waitFor()
      await assertAccessible(editor, '#mqueue-sidebar', 180)
      await sidebar.open('calls')
      await sidebar.opened.locator('summary').click()
      await assertAccessible(editor, '#mqueue-sidebar', 180)
      await value(`document.getElementById('mqueue-sidebar').removeAttribute('style')`)
      await sidebar.button('All queues').click()
    })

    it('says that Node-RED does not answer, and goes on when it does', async () => {
      const { page } = editorOf.editor
      await page.route(/\/mqueue\/queues$/, (route) => route.abort())
      await sidebar.root.getByText('Node-RED does not answer. What is shown is old.').waitFor()
      assert.ok(await sidebar.line('calls').isVisible())
      await page.unroute(/\/mqueue\/queues$/)
      await sidebar.root.getByText('Node-RED does not answer').waitFor({ state: 'hidden' })
    })

    it('says when a queue that is open does not run any more', async () => {
      const { nodeRed } = editorOf
      await sidebar.open('lost')
      const [first, config, ...others] = flows as [FlowNode, FlowNode, ...FlowNode[]]
      await nodeRed.deploy([first, { ...config, queues: [{ name: 'calls', size: 20 }] }, ...others])
      await sidebar.root.getByText('The queue "lost" does not run any more.').waitFor()
      await editorOf.editor.page.keyboard.press('Escape')
    })
  },
  // High enough for all lines to be drawn.
  { flows, view: { viewport: { width: 1400, height: 1600 } } },
)
