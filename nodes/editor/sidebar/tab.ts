/** Puts the sidebar into the editor. What it shows is loaded when people first look at it. */
import { fullKey, text } from '../text.ts'
import { make } from './elements.ts'
import { watchShown } from './shown-watch.ts'
import type { Sidebar, Target } from './sidebar.ts'
import { STYLE } from './style.ts'
import { namedQueue } from './uses.ts'

const ID = 'mqueue'
const root = make('div')
let isShown = false
let loading: Promise<Sidebar> | undefined

/** Adds the tab, and the actions that lead to it. */
export function addSidebar(): void {
  root.id = 'mqueue-sidebar'
  document.head.append(make('style', '', STYLE))
  RED.actions.add('mqueue:show-sidebar', showSidebar, {
    label: fullKey('sidebar.action.show'),
  })
  RED.actions.add('mqueue:show-queue', () => showQueue(selected()), {
    label: fullKey('sidebar.action.showQueue'),
  })
  addTab()
  watchShown(root, toggle)
  RED.events.on('view:selection-changed', () => {
    if (isShown) mark()
  })
  // The nodes may be disabled, or removed, and come back while the page is open.
  for (const event of ['registry:node-set-disabled', 'registry:node-set-removed'] as const) {
    RED.events.on(event, ({ types }) => {
      if (types.includes('mqueue') && RED.sidebar.containsTab(ID)) RED.sidebar.removeTab(ID)
    })
  }
  for (const event of ['registry:node-set-enabled', 'registry:node-set-added'] as const) {
    RED.events.on(event, ({ types }) => {
      if (types.includes('mqueue') && !RED.sidebar.containsTab(ID)) addTab()
    })
  }
}

/** Shows the sidebar, and moves the focus there. */
async function showSidebar(): Promise<void> {
  RED.sidebar.show(ID)
  ;(await load())?.focus()
}

/** Shows the sidebar, with a queue open where there is one, and moves the focus there. */
export async function showQueue(target: Target | undefined): Promise<void> {
  if (target === undefined) return showSidebar()
  RED.sidebar.show(ID)
  ;(await load())?.open(target)
}

function addTab(): void {
  RED.sidebar.addTab({
    id: ID,
    label: 'mqueue',
    name: 'mqueue',
    iconClass: 'fa fa-tasks',
    content: root,
    enableOnEdit: true,
    action: 'mqueue:show-sidebar',
  })
}

async function toggle(isNowShown: boolean): Promise<void> {
  isShown = isNowShown
  if (!isShown && loading === undefined) return
  const sidebar = await load()
  sidebar?.shown(isShown)
  if (isShown) mark()
}

/** Marks the queue of the node that is selected on the canvas. */
async function mark(): Promise<void> {
  const sidebar = await load()
  sidebar?.mark(selected())
}

/** The sidebar; undefined where it could not be loaded, which the tab then says. */
async function load(): Promise<Sidebar | undefined> {
  loading ??= import('./sidebar.ts').then(({ Sidebar }) => new Sidebar(root))
  try {
    return await loading
  } catch (error) {
    loading = undefined
    root.textContent = text('sidebar.notLoaded')
    console.error(error)
    return undefined
  }
}

/** The queue of the one node that is selected; undefined where it is not one of ours, or finds its queue at run time. */
function selected(): Target | undefined {
  const [node, ...others] = RED.view.selection().nodes ?? []
  if (node === undefined || others.length > 0 || !node.type.startsWith('mq-')) return undefined
  const queue = namedQueue({ queue: node.queue, queueType: node.queueType })
  return queue ? { config: String(node.mqueue), queue } : undefined
}
