/** Takes the pictures of the pages from the running editor: `npm run screenshots`. It needs Chromium. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHROMIUM, Editor } from '../test/browser/editor.ts'
import { QueueDialog } from '../test/browser/queue-dialog.ts'
import { SidebarTab } from '../test/browser/sidebar.ts'
import { type FlowNode, NodeRed, PROJECT } from '../test/support/node-red.ts'

const IMAGES = join(PROJECT, 'docs/images')

const KAMAILIO_CFG = `# what the SIP server has
modparam("mqueue", "mqueue", "name=callbacks;size=100")
modparam("mqueue", "mqueue", "name=cdr;dbmode=1")
modparam("mqueue", "mqueue", "name=calls;size=50")
modparam("mqueue", "mqueue", "name=late;addmode=7")`

const example = (name: string): FlowNode[] =>
  JSON.parse(readFileSync(join(PROJECT, `examples/${name}.json`), 'utf8'))
const queues = [
  { name: 'calls', size: 20, addmode: '', dbmode: 0 },
  { name: 'presence', size: '', addmode: 2, dbmode: 1 },
  { name: 'alarms', size: 100, addmode: 1, dbmode: 4 },
]
const worker = example('call-events-to-a-slow-worker').map((node) =>
  node.type === 'mqueue' ? { ...node, name: 'phone queues', queues } : node,
)
const flows = [
  ...worker,
  ...example('draining-a-queue'),
  ...example('one-call-after-the-other'),
  ...example('a-dead-letter-queue'),
]

/** How long the sidebar has been shown before its picture is taken, in ms, so that there is something in its lines. */
const HISTORY = 150_000

/** Takes a picture of elements, given as an expression, and of what is around them. */
async function take(editor: Editor, name: string, elements: string, margin = 0): Promise<void> {
  const boxes = await editor.value<number[][]>(
    `[...${elements}]
      .filter((element) => element.checkVisibility())
      .map((element) => element.getBoundingClientRect())
      .map(({ left, top, right, bottom }) => [left, top, right, bottom])`,
  )
  const edge = (index: number, choose: (...values: number[]) => number) =>
    choose(...boxes.map((box) => box[index] as number))
  const [x, y] = [edge(0, Math.min) - margin, edge(1, Math.min) - margin]
  const width = edge(2, Math.max) + margin - x
  const height = edge(3, Math.max) + margin - y
  const path = join(IMAGES, `${name}.png`)
  await editor.page.screenshot({ path, clip: { x, y, width, height } })
  console.log(`docs/images/${name}.png`)
}

/** Takes a picture of the flow that is shown. */
async function takeFlow(editor: Editor, name: string): Promise<void> {
  await take(editor, name, `document.querySelectorAll('.red-ui-flow-node-group')`, 16)
}

/** Takes a picture of the dialog on top, from its header to the end of its form. */
async function takeDialog(editor: Editor, name: string): Promise<void> {
  // The last of the sliding.
  await editor.page.waitForTimeout(300)
  const parts = '.red-ui-tray-header, #mqueue-node, #mqueue-config'
  const top = `[...document.querySelectorAll('.red-ui-tray')].at(-1)`
  await take(editor, name, `${top}.querySelectorAll('${parts}')`)
}

/** Takes pictures of the sidebar, which has been shown since a time. */
async function takeSidebar(editor: Editor, sidebar: SidebarTab, since: number): Promise<void> {
  const { page } = editor
  await editor.show('letters-tab')
  for (let order = 0; order < 3; order++) {
    await editor.inject('letters-in')
    await page.waitForTimeout(5000)
  }
  const lines = `document.querySelectorAll('.mqueue-search-row, .mqueue-line')`
  // All of its side is for the sidebar.
  await page.locator('button[data-tab-id="debug"]').click()
  await page.waitForTimeout(since + HISTORY - Date.now())
  await editor.show('call-events-tab')
  await editor.node('call-events-add').locator('.red-ui-flow-node').click()
  await sidebar.root.locator('[aria-current]').waitFor()
  await sidebar.list.evaluate((element) => element.scrollTo(0, 0))
  await sidebar.root.locator('.mqueue-line-node').first().waitFor()
  await page.mouse.move(0, 0)
  await take(editor, 'sidebar', lines)
  await editor.value(`document.documentElement.classList.add('nr-theme-dark')`)
  await take(editor, 'sidebar-dark', lines)
  await editor.value(`document.documentElement.classList.remove('nr-theme-dark')`)
  await sidebar.search.fill('failed')
  await sidebar.open('failed')
  await sidebar.items.locator('.mqueue-opener').first().click()
  await sidebar.items.locator('pre').first().waitFor()
  await page.mouse.move(0, 0)
  await take(editor, 'sidebar-queue', `document.querySelectorAll('.mqueue-opened > *')`, 8)
}

async function takeAll(editor: Editor): Promise<void> {
  const { page } = editor
  await page.addStyleTag({ content: '#red-ui-notifications { display: none }' })
  const sidebar = new SidebarTab(editor)
  await sidebar.show()
  const since = Date.now()
  // The backlog of the second burst, while the worker is busy with it.
  await page.waitForFunction(`/^1\\d \\/ 20/.test(RED.nodes.node('call-events-add').status?.text)`)
  await page.waitForFunction(`RED.nodes.node('call-events-backlog').status?.text > 0`)
  await takeFlow(editor, 'flow')

  await editor.edit('call-events-add')
  await takeDialog(editor, 'mq-add')
  const dialog = await QueueDialog.open(editor)
  await takeDialog(editor, 'mqueue')
  await dialog.form.locator('#mqueue-import-open').click()
  await dialog.form.locator('#mqueue-import-text').fill(KAMAILIO_CFG)
  await dialog.form.locator('#mqueue-import').scrollIntoViewIfNeeded()
  await take(editor, 'kamailio-cfg', `document.querySelectorAll('#mqueue-import')`)
  await page.locator('#node-config-dialog-cancel').click()
  await page.locator('#node-config-dialog-cancel').waitFor({ state: 'detached' })
  await page.locator('#node-dialog-cancel').click()
  await page.locator('#node-dialog-cancel').waitFor({ state: 'detached' })

  await editor.show('drain-tab')
  await editor.inject('drain-in')
  await page.waitForFunction(`RED.nodes.node('drain-fetch').status?.text === '3'`)
  await takeFlow(editor, 'draining')
  await editor.edit('drain-fetch')
  await takeDialog(editor, 'mq-fetch')
  await editor.done()

  await editor.show('one-call-tab')
  await editor.inject('one-call-in')
  await page.waitForFunction(`RED.nodes.node('one-call-consume').status?.text === '1 in flight, 2'`)
  await takeFlow(editor, 'one-call')
  await editor.edit('one-call-consume')
  await takeDialog(editor, 'mq-consume')
  await editor.done()

  await takeSidebar(editor, sidebar, since)
}

if (CHROMIUM === undefined) {
  console.error('Chromium is not installed: apt-get install chromium')
  process.exit(1)
}
mkdirSync(IMAGES, { recursive: true })
const nodeRed = await NodeRed.start({ flows })
const view = { deviceScaleFactor: 2, viewport: { width: 1400, height: 1200 } }
const editor = await Editor.open(nodeRed.url, { ...view, theme: 'light' })
try {
  await takeAll(editor)
} finally {
  await editor.close()
  await nodeRed.stop()
}
