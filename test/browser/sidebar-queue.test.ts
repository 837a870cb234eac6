/** A queue that is open in the sidebar: its items, and what is done with them. */
import assert from 'node:assert/strict'
import type { FlowNode } from '../support/node-red.ts'
import { assertAccessible } from './accessibility.ts'
import { describeEditor, type InEditor } from './in-editor.ts'
import { least } from './least.ts'
import { SidebarTab } from './sidebar.ts'

const PAUSED = 'Paused. mq-consume and leases get nothing. Adds and a plain mq-fetch go on.'
const shared = { z: 'tab', mqueue: 'config', queueType: 'queue' }
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  {
    ...{ id: 'config', type: 'mqueue', name: 'queues', engine: 'memory' },
    queues: [
      { name: 'calls', size: 200 },
      { name: 'work', deadLetter: 'lost' },
      { name: 'lost' },
      { name: '..' },
    ],
  },
  // What comes to "work" is given up at once.
  {
    ...shared,
    id: 'consume',
    type: 'mq-consume',
    queue: 'work',
    inFlight: 50,
    x: 120,
    y: 80,
    wires: [['ack']],
  },
  {
    ...shared,
    id: 'ack',
    type: 'mq-ack',
    action: 'reject',
    actionType: 'action',
    x: 300,
    y: 80,
    wires: [[]],
  },
  {
    ...{ id: 'binary', type: 'inject', z: 'tab', x: 120, y: 160, wires: [['add']] },
    props: [{ p: 'payload' }],
    payload: '[0,255,60]',
    payloadType: 'bin',
  },
  {
    ...{ ...shared, id: 'add', type: 'mq-add', queue: 'lost', x: 300, y: 160, wires: [[]] },
    ...{ key: 'bytes', keyType: 'str', value: 'payload', valueType: 'msg' },
  },
]

/** Adds items, as another program does. */
async function add({ nodeRed }: InEditor, queue: string, ...items: [string, unknown][]) {
  for (const params of items) {
    const request = { jsonrpc: '2.0', id: 1, method: 'mqueue.add', params: [queue, ...params] }
    const response = await nodeRed.post('mqueue/rpc', request)
    assert.equal(response.status, 200, await response.text())
  }
}

async function sizeOf({ nodeRed }: InEditor, queue: string): Promise<number> {
  const request = { jsonrpc: '2.0', id: 1, method: 'mqueue.get_size', params: [queue] }
  return (await (await nodeRed.post('mqueue/rpc', request)).json()).result.size
}

/** How long a task may be that holds up nobody, in ms. */
const LONG = 200
const HOSTILE = '<img src=data:, onerror=window.harmed=1><script>window.harmed=1</script>'

describeEditor(
  'a queue that is open in the sidebar',
  (editorOf, it) => {
    let sidebar: SidebarTab
    const keyboard = () => editorOf.editor.page.keyboard
    const keys = () => sidebar.items.locator('.mqueue-key').allInnerTexts()
    const value = <T>(expression: string) => editorOf.editor.value<T>(expression)
    const focused = () => value<string>(`document.activeElement.getAttribute('aria-label')`)
    const said = (text: string) => sidebar.said.getByText(text, { exact: true }).waitFor()
    const back = async () => {
      await sidebar.button('All queues').click()
      await sidebar.opened.waitFor({ state: 'detached' })
    }
    const item = (key: string) =>
      sidebar.items.filter({ has: editorOf.editor.page.getByText(key, { exact: true }) })

    it('shows its first items, the oldest first', async () => {
      sidebar = new SidebarTab(editorOf.editor)
      await add(editorOf, 'calls', ['alice', { from: 100, to: [200] }], ['bob', 'hi'], ['', [1]])
      await sidebar.show()
      await sidebar.open('calls')
      await sidebar.items.nth(2).waitFor()
      const items = await sidebar.items.allInnerTexts()
      assert.match(items[0] ?? '', /^alice\s+\{"from":100,"to":\[200\]\}\s+\d+ sec$/)
      assert.match(items[1] ?? '', /^bob\s+hi\s+\d+ sec$/)
      assert.match(items[2] ?? '', /^\[1\]\s+\d+ sec$/)
      await sidebar.opened.getByText('3 / 200').waitFor()
    })

    it('shows the whole value on a click, and hides it on another one', async () => {
      const opener = item('alice').locator('.mqueue-opener')
      await opener.click()
      const whole = item('alice').locator('pre')
      await whole.waitFor()
      assert.equal(await whole.textContent(), '{\n  "from": 100,\n  "to": [\n    200\n  ]\n}')
      assert.equal(await opener.getAttribute('aria-expanded'), 'true')
      await item('alice').getByText('Value (object)').waitFor()
      await opener.click()
      await whole.waitFor({ state: 'detached' })
    })

    it('removes one item, and goes on with the next by keyboard', async () => {
      await item('alice').getByRole('button', { name: 'Remove: alice' }).focus()
      await keyboard().press('Enter')
      await said('Items removed: 1.')
      await item('alice').waitFor({ state: 'detached' })
      assert.deepEqual(await keys(), ['bob'])
      assert.equal(await sizeOf(editorOf, 'calls'), 2)
      assert.equal(await value('document.activeElement.innerText.replace(/\\s+/g, " ")'), 'bob hi')
    })

    it('says what the runtime says where an item is gone, and shows what is there', async () => {
      await add(editorOf, 'calls', ['carol', 'new'])
      const request = { jsonrpc: '2.0', id: 1, method: 'mqueue.fetch', params: ['calls'] }
      assert.equal((await editorOf.nodeRed.post('mqueue/rpc', request)).status, 200)
      await item('bob').getByRole('button', { name: 'Remove: bob' }).click()
      await sidebar.said.getByText(/The item is not in the queue any more/).waitFor()
      await item('bob').waitFor({ state: 'detached' })
      await item('carol').waitFor()
    })

    it('pauses and resumes', async () => {
      await sidebar.button('Pause').focus()
      await keyboard().press('Enter')
      await said(PAUSED)
      await sidebar.opened.locator('.mqueue-remarks', { hasText: 'paused' }).waitFor()
      assert.equal(await focused(), 'Resume')
      await keyboard().press('Enter')
      await said('Resumed.')
      await sidebar.button('Pause').waitFor()
      await sidebar.opened.locator('.mqueue-remarks').waitFor({ state: 'hidden' })
    })

    it('clears after a question that names the queue and the number', async () => {
      const { page } = editorOf.editor
      const question = page.getByRole('alertdialog')
      await sidebar.opened.getByText('2 / 200').waitFor()
      await sidebar.button('Clear').click()
      await question.getByText('Remove all items of the queue "calls"? It has 2 now.').waitFor()
      assert.equal(await focused(), 'Cancel')
      await keyboard().press('Enter')
      await question.waitFor({ state: 'detached' })
      assert.equal(await focused(), 'Clear')
      await keyboard().press('Enter')
      await question.waitFor()
      await keyboard().press('Escape')
      await question.waitFor({ state: 'detached' })
      assert.ok(await sidebar.opened.isVisible(), 'Escape was for the question alone')
      assert.equal(await sizeOf(editorOf, 'calls'), 2)
      await keyboard().press('Enter')
      await question.waitFor()
      await keyboard().press('Tab')
      await keyboard().press('Enter')
      await said('Items removed: 2.')
      await sidebar.opened.getByText('No item is waiting.').waitFor()
      assert.equal(await sizeOf(editorOf, 'calls'), 0)
      await sidebar.opened.locator('button:disabled', { hasText: 'Clear' }).waitFor()
    })

    it('shows more items when one scrolls to the end', async () => {
      const many = Array.from({ length: 120 }, (_, i): [string, number] => [`k${i}`, i])
      await add(editorOf, 'calls', ...many)
      await sidebar.button('Read the items again').click()
      await sidebar.items.nth(49).waitFor()
      assert.equal(await sidebar.items.count(), 50)
      for (const count of [100, 120]) {
        await sidebar.opened.evaluate((element) => element.scrollTo(0, 1e6))
        await sidebar.items.nth(count - 1).waitFor()
        assert.equal(await sidebar.items.count(), count)
      }
      assert.deepEqual(
        await keys(),
        many.map(([key]) => key),
      )
      await sidebar.button('More items').waitFor({ state: 'hidden' })
      // One that is removed far below leaves the others there.
      await item('k110').getByRole('button', { name: 'Remove: k110' }).click()
      await item('k110').waitFor({ state: 'detached' })
      assert.equal(await sidebar.items.count(), 119)
      // What was said of it stays in sight.
      await said('Items removed: 1.')
      const top = (selector: string) =>
        value<number>(`document.querySelector('${selector}').getBoundingClientRect().top`)
      assert.ok((await sidebar.opened.evaluate(({ scrollTop }) => scrollTop)) > 200)
      assert.ok((await top('.mqueue-said')) >= (await top('.mqueue-opened')) - 1)
      await back()
    })

    it('sends one item of a dead letter queue back, and then all', async () => {
      await add(editorOf, 'work', ['first', 1], ['second', 2], ['third', 3])
      await sidebar.line('lost').getByText('3', { exact: true }).waitFor()
      await sidebar.open('work')
      assert.equal(await sidebar.button('Send all back').isVisible(), false)
      await sidebar.button('Pause').click()
      await said(PAUSED)
      await back()
      await sidebar.open('lost')
      await sidebar.items.nth(2).waitFor()
      assert.match(await item('second').innerText(), /rejected, from work/)
      await item('second').getByRole('button', { name: 'Send back: second' }).click()
      await said('Items sent back: 1.')
      await item('second').waitFor({ state: 'detached' })
      assert.deepEqual([await sizeOf(editorOf, 'lost'), await sizeOf(editorOf, 'work')], [2, 1])
      await sidebar.button('Send all back').click()
      await said('Items sent back: 2.')
      await sidebar.opened.getByText('No item is waiting.').waitFor()
      assert.deepEqual([await sizeOf(editorOf, 'lost'), await sizeOf(editorOf, 'work')], [0, 3])
      await back()
    })

    it('shows whatever keys and values hold as text', async () => {
      const long = 'x'.repeat(10_000)
      await add(
        editorOf,
        'lost',
        [HOSTILE, HOSTILE],
        ['\u202egnp.exe', 'مرحبا\u202e'],
        ['a\0b', '\0\x1b[31m'],
        [long, { [HOSTILE]: long }],
      )
      await editorOf.editor.inject('binary')
      await sidebar.line('lost').getByText('5', { exact: true }).waitFor()
      await sidebar.open('lost')
      await sidebar.items.nth(4).waitFor()
      assert.deepEqual(await keys(), [
        ...[HOSTILE, '\\u202egnp.exe', 'a␀b'],
        ...['x'.repeat(200), 'bytes'],
      ])
      const values = await sidebar.items.locator('.mqueue-value').allInnerTexts()
      assert.deepEqual(values.slice(0, 3), [HOSTILE, 'مرحبا\\u202e', '␀␛[31m'])
      assert.equal(values[4], '00ff3c')
      for (const one of await sidebar.items.all()) {
        await one.locator('.mqueue-opener').click()
        // It moves those below, which a click could miss meanwhile.
        await one.locator('pre').first().waitFor()
      }
      const wholes = sidebar.items.locator('pre')
      await wholes.nth(5).waitFor()
      await item('bytes').getByText('Value (binary)').waitFor()
      assert.equal(await wholes.first().textContent(), HOSTILE)
      // The key as well, where the list cuts it.
      assert.equal(await wholes.nth(3).textContent(), long)
      assert.match((await wholes.nth(4).textContent()) ?? '', new RegExp(`: "${long}"\n}$`))
      assert.equal(await sidebar.root.locator('img, script').count(), 0)
      // A picture that fails now fails after all those that came into the page before it.
      await value(
        `new Promise((resolve) => { Object.assign(new Image(), { onerror: resolve, src: 'data:,' }) })`,
      )
      assert.equal(await value('window.harmed'), undefined)
    })

    it('can be read, and fits a narrow sidebar', async () => {
      await assertAccessible(editorOf.editor, '#mqueue-sidebar', 180)
      await sidebar.button('Clear').click()
      await assertAccessible(editorOf.editor, '.mqueue-question', 180)
      await keyboard().press('Escape')
      await value(`document.getElementById('mqueue-sidebar').removeAttribute('style')`)
      await back()
    })

    it('shows a value of a megabyte without holding up the page', async () => {
      await add(editorOf, 'lost', ['large', `${'word '.repeat(180_000)}end`])
      await sidebar.open('lost')
      await sidebar.items.nth(5).waitFor()
      await value(`new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.long?.push(duration)
      }).observe({ type: 'longtask' })`)
      const opener = sidebar.items.last().locator('.mqueue-opener')
      const whole = sidebar.items.last().locator('pre')
      const longest = await least(LONG, async () => {
        await value('window.long = [0]')
        await opener.click()
        await whole.waitFor()
        assert.equal((await whole.textContent())?.length, 900_003)
        // The browser reports a task when it is over.
        await value(
          'new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)))',
        )
        await opener.click()
        await whole.waitFor({ state: 'detached' })
        return value<number>('Math.max(...window.long)')
      })
      assert.ok(longest < LONG, `${longest} ms`)
      await back()
    })

    it('opens a queue whose name a browser takes for a directory', async () => {
      await add(editorOf, '..', ['up', 1])
      await sidebar.open('..')
      await item('up').waitFor()
      await sidebar.button('Pause').click()
      await said(PAUSED)
      await back()
    })

    it('leaves no error in the console', () => {
      // What is refused on purpose, the browser reports as well.
      const others = editorOf.editor.errors.filter((text) => !/status of 404/.test(text))
      assert.deepEqual(others, [])
      return Promise.resolve()
    })
  },
  { flows, view: { viewport: { width: 1400, height: 1600 } } },
)
