/**
 * Makes the animation at the top of the README from the running editor; `npm run screenshots` runs it. It needs Chromium.
 * A node is dragged and wired; then orders come in a burst, and are worked on one after the other.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHROMIUM, Editor } from '../test/browser/editor.ts'
import { type FlowNode, NodeRed, PROJECT } from '../test/support/node-red.ts'
import { Film } from './film.ts'

const FILE = 'docs/images/animation.png'
const ORDERS = 5
const place = (x: number, y: number) => ({ z: 'film', x, y })

const flows: FlowNode[] = [
  { id: 'film', type: 'tab', label: 'orders' },
  { id: 'film-queues', type: 'mqueue', name: 'my queues', queues: [{ name: 'orders' }] },
  {
    id: 'film-in',
    type: 'inject',
    name: 'new order',
    ...place(120, 80),
    props: [{ p: 'payload' }],
    payload: '"order " & $floor(100 + 900 * $random())',
    payloadType: 'jsonata',
    repeat: '',
    crontab: '',
    once: false,
    onceDelay: 0.1,
    topic: '',
    wires: [[]],
  },
  {
    id: 'film-consume',
    type: 'mq-consume',
    ...place(150, 200),
    mqueue: 'film-queues',
    queue: 'orders',
    inFlight: 1,
    wires: [['film-work']],
  },
  {
    id: 'film-work',
    type: 'delay',
    name: 'slow work',
    ...place(360, 200),
    pauseType: 'delay',
    // The film shows it shorter; so much time is left to take the pictures in.
    timeout: '5',
    timeoutUnits: 'seconds',
    rate: '1',
    nbRateUnits: '1',
    rateUnits: 'second',
    randomFirst: '1',
    randomLast: '5',
    randomUnits: 'seconds',
    drop: false,
    allowrate: false,
    outputs: 1,
    wires: [['film-ack']],
  },
  {
    id: 'film-ack',
    type: 'mq-ack',
    ...place(525, 200),
    mqueue: 'film-queues',
    action: 'ack',
    actionType: 'action',
    wires: [['film-done']],
  },
  {
    id: 'film-done',
    type: 'debug',
    name: 'done',
    ...place(675, 200),
    active: true,
    tosidebar: true,
    complete: 'payload',
    targetType: 'msg',
    wires: [],
  },
]

const PALETTE_NODE = '.red-ui-palette-node[data-palette-type="mq-add"]'
const port = (id: string, kind: 'input' | 'output') =>
  `[id="${id}"] .red-ui-flow-port-${kind} rect.red-ui-flow-port`
const DEPLOY = '#red-ui-header-button-deploy'

/** Leaves the palette with the nodes for queues, the flow and the debug sidebar. */
async function prepare(editor: Editor): Promise<void> {
  const { page } = editor
  await page.addStyleTag({ content: '#red-ui-notifications { display: none }' })
  await editor.showDebug()
  for (const tab of ['explorer', 'info']) {
    await page.locator(`button[data-tab-id="${tab}"]`).click()
  }
  await page.locator('#red-ui-palette-search input').pressSequentially('queue')
  // The palette folds up what does not match.
  const folded = `!$('.red-ui-palette-node[data-palette-type="inject"]').is(':visible')`
  await page.waitForFunction(`${folded} && $(':animated').length === 0`)
}

async function play(editor: Editor, film: Film): Promise<void> {
  const { page } = editor
  await film.hold(500)
  await film.moveTo(PALETTE_NODE)
  await page.mouse.down()
  const chart = await page.locator('#red-ui-workspace-chart').boundingBox()
  await film.move((chart?.x ?? 0) + 340, (chart?.y ?? 0) + 80, 10)
  await page.mouse.up()
  const add = await editor.value<string>(`RED.nodes.filterNodes({ type: 'mq-add' })[0].id`)

  await film.moveTo(port('film-in', 'output'))
  await page.mouse.down()
  await film.moveTo(port(add, 'input'), 5)
  await page.mouse.up()

  await film.moveTo(DEPLOY, 8)
  await editor.deploy()
  await film.hold(300)

  const button = '[id="film-in"] .red-ui-flow-node-button-button'
  await film.moveTo(button, 8)
  for (let order = 1; order <= ORDERS; order++) {
    await page.locator(button).click()
    // The first one is handed out at once.
    await page.waitForFunction(`RED.nodes.node('${add}').status?.text === '${order - 1}'`)
    await film.hold(250)
  }
  for (let done = 1; done <= ORDERS; done++) {
    await page
      .locator('.red-ui-debug-msg')
      .nth(done - 1)
      .waitFor()
    const left = ORDERS - done
    await page.waitForFunction(
      `RED.nodes.node('${add}').status?.text === '${Math.max(0, left - 1)}'`,
    )
    await film.hold(650)
  }
  await film.hold(1000)
}

if (CHROMIUM === undefined) {
  console.error('Chromium is not installed: apt-get install chromium')
  process.exit(1)
}
const nodeRed = await NodeRed.start({ flows })
const editor = await Editor.open(nodeRed.url, {
  theme: 'light',
  viewport: { width: 1280, height: 420 },
})
try {
  await prepare(editor)
  const film = await Film.begin(editor.page, 620, 380)
  await play(editor, film)
  const picture = film.develop()
  writeFileSync(join(PROJECT, FILE), picture)
  console.log(`${FILE}: ${film.length / 1000} s, ${Math.round(picture.length / 1000)} kB`)
} finally {
  await editor.close()
  await nodeRed.stop()
}
