/** What the sidebar costs with a thousand queues. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CDPSession } from 'playwright-core'
import { type FlowNode, LINES, type Line } from '../support/node-red.ts'
import { describeEditor } from './in-editor.ts'
import { least } from './least.ts'
import { SidebarTab } from './sidebar.ts'

const QUEUES = 1000
/** How often the sidebar looks, in ms, and how many looks are measured. */
const LOOK = 1000
const LOOKS = 5
/** What a browser calls a long task, in ms. */
const LONG = 50
/** Which part of a core the sidebar may take. */
const SHARE = 0.02

const names = Array.from({ length: QUEUES }, (_, index) => `queue-${index}`)
const flows: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow' },
  ...Array.from({ length: 10 }, (_, index) => ({
    ...{ id: `config${index}`, type: 'mqueue', name: `queues ${index}`, engine: 'memory' },
    queues: names.slice(index * 100, index * 100 + 100).map((name) => ({ name, size: 100 })),
  })),
  {
    ...{ id: 'in', type: 'inject', z: 'tab', repeat: '0.1', x: 120, y: 80, wires: [['add']] },
    props: [{ p: 'payload' }],
    payload: '',
    payloadType: 'date',
  },
  {
    ...{ id: 'add', type: 'mq-add', z: 'tab', mqueue: 'config0', queue: 'queue-1' },
    ...{ queueType: 'queue', key: 'k', keyType: 'str', value: 'payload', valueType: 'msg' },
    ...{ x: 300, y: 80, wires: [[]] },
  },
]

// One line after the other: side by side, each would take the processor from what the other measures.
for (const line of Object.keys(LINES) as Line[])
  describeEditor(
    'the sidebar with a thousand queues',
    (editorOf, it) => {
      let sidebar: SidebarTab
      let session: CDPSession
      const value = <T>(expression: string) => editorOf.editor.value<T>(expression)

      /**
       * The CPU time of the page so far, in ms. A busy machine makes a task longer by the clock, and does not make it use
       * more of that.
       */
      async function busy(): Promise<number> {
        const { metrics } = await session.send('Performance.getMetrics')
        return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
      }

      /** How much CPU time the page uses meanwhile, in ms: no task in it takes longer. */
      async function used(action: () => Promise<unknown>): Promise<number> {
        const from = await busy()
        await action()
        return (await busy()) - from
      }

      /** Which part of a core the page uses, and at most how long its longest task is, in ms. */
      async function measure(): Promise<{ share: number; longest: number }> {
        const start = performance.now()
        const looks: number[] = []
        while (looks.length < LOOKS) looks.push(await used(() => sleep(LOOK)))
        const sum = looks.reduce((all, one) => all + one, 0)
        return { share: sum / (performance.now() - start), longest: Math.max(...looks) }
      }

      it('draws only what can be seen', async () => {
        const { page } = editorOf.editor
        session = await page.context().newCDPSession(page)
        await session.send('Performance.enable', { timeDomain: 'threadTicks' })
        sidebar = new SidebarTab(editorOf.editor)
        await sidebar.show()
        await sidebar.line('queue-1').waitFor()
        const drawn = await sidebar.root.locator('.mqueue-line').count()
        assert.ok(drawn < 30, `${drawn} lines`)
        const first = sidebar.list.locator('.mqueue-line').first()
        assert.equal(await first.getAttribute('aria-setsize'), '10')
      })

      it('has each of them under the scroll bar, under the keys, and in the search', async () => {
        const { keyboard } = editorOf.editor.page
        await sidebar.list.focus()
        await keyboard.press('End')
        await sidebar.line('queue-999').waitFor()
        await sidebar.list.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2))
        await sidebar.line('queue-999').waitFor({ state: 'detached' })
        await sidebar.search.fill('queue-77')
        await sidebar.line('queue-770').waitFor()
        assert.deepEqual((await sidebar.names()).slice(0, 2), ['queue-77', 'queue-770'])
        await sidebar.search.fill('')
        await sidebar.line('queue-1').waitFor()
      })

      it('has no long task, also while one scrolls', async () => {
        const longest = await least(LONG, async () => {
          const steps: number[] = []
          for (let part = 0; part < 40; part++) {
            const step = used(async () => {
              await sidebar.list.evaluate((element, at) => {
                element.scrollTo(0, (element.scrollHeight * at) / 40)
              }, part)
              await value('new Promise(requestAnimationFrame)')
            })
            steps.push(await step)
          }
          return Math.max(...steps)
        })
        assert.ok(longest < LONG, `${longest} ms`)
        await sidebar.list.evaluate((element) => element.scrollTo(0, 0))
        await sidebar.line('queue-1').waitFor()
      })

      it('takes next to nothing of a core', async () => {
        await sidebar.hide()
        const hidden = await measure()
        await sidebar.show()
        const share = await least(hidden.share + SHARE, async () => (await measure()).share)
        const longest = await least(LONG, async () => (await measure()).longest)
        const cost = `${percent(share)} of a core, ${percent(hidden.share)} without; ${longest} ms`
        assert.ok(share < hidden.share + SHARE && longest < LONG, cost)
      })
    },
    { flows, lines: [line] },
  )

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
