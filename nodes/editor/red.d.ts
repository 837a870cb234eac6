/** The parts of Node-RED's editor that the dialogs use. */

declare const RED: {
  _(key: string, values?: Record<string, unknown>): string
  actions: { add(name: string, handler: () => void, options: { label: string }): void }
  clipboard: { copyText(value: string, element?: JQuery, message?: string): void }
  comms: { subscribe(topic: string, listener: (topic: string, status: NodeStatus) => void): void }
  editor: {
    editConfig(name: string, type: string, id: string): void
    validateNode(node: EditorNode): void
  }
  events: {
    on(
      event: 'editor:save' | `nodes:${'add' | 'change' | 'remove'}`,
      listener: (node: EditorNode) => void,
    ): void
    on(event: 'view:selection-changed' | 'type-search:open', listener: () => void): void
    on(event: 'registry:node-type-added', listener: (type: string) => void): void
    emit(event: 'nodes:change', node: EditorNode): void
    on(
      event: `registry:node-set-${'added' | 'enabled' | 'disabled' | 'removed'}`,
      listener: (set: { types: string[] }) => void,
    ): void
  }
  history: {
    /** The step that would be undone first. */
    peek(): HistoryEvent | undefined
    /** Replaces that step. */
    replace(event: HistoryEvent): void
  }
  i18n: { lang(): string }
  nodes: {
    dirty(): boolean
    id(): string
    node(id: string): EditorNode | null | undefined
    eachNode(visit: (node: EditorNode) => void): void
    eachConfig(visit: (node: EditorNode) => void): void
    workspace(id: string): { label?: unknown; name?: unknown } | null
    subflow(id: string): { label?: unknown; name?: unknown } | null
  }
  notify(message: JQuery, type: 'warning'): void
  sidebar: {
    addTab(options: SidebarTab): void
    removeTab(id: string): void
    show(id: string): void
    containsTab(id: string): boolean
  }
  user: { hasPermission(permission: string): boolean }
  view: {
    reveal(id: string): void
    select(selection: { nodes: EditorNode[] }): void
    selection(): { nodes?: EditorNode[] }
  }
  utils: {
    getNodeLabel(node: EditorNode, unnamed: string): string
    parseContextKey(key: string): { key: string }
    validateTypedProperty(value: unknown, type: string, options: object): boolean | string
  }
}

/** A step that can be undone. */
interface HistoryEvent {
  t: string
  dirty?: boolean
  /** The steps that one of several has. */
  events?: HistoryEvent[]
  [property: string]: unknown
}

/** A node as the editor holds it. */
interface EditorNode {
  id: string
  type: string
  /** What its html file registers. */
  _def: { defaults: Record<string, { value?: unknown; required?: boolean }> }
  _(key: string, values?: Record<string, unknown>): string
  [property: string]: unknown
}

interface SidebarTab {
  id: string
  label: string
  name: string
  iconClass: string
  content: HTMLElement
  /** Whether it can be used while a node is edited. */
  enableOnEdit: boolean
  /** The action that shows it. */
  action: string
}

/** The status of a node as the runtime sent it. */
interface NodeStatus {
  text?: unknown
}

interface TypedInputType {
  value: string
  label?: string
  icon?: string
  hasValue?: boolean
  options?: { value: string; label: string }[]
}

interface JQuery {
  editableList(options: object): JQuery
  editableList(action: 'addItem', data: object): JQuery
  editableList(action: 'items'): JQuery
  editableList(action: 'removeItem', data: object): JQuery
  typedInput(options: object): JQuery
  typedInput(action: 'type' | 'value'): string
  typedInput(action: 'disable', isDisabled: boolean): JQuery
  typedInput(action: 'value', value: string): JQuery
  typedInput(action: 'types', types: (string | TypedInputType)[]): JQuery
}
