/** The parts of Node-RED's editor that the dialogs use. */

declare const RED: {
  _(key: string, values?: Record<string, unknown>): string
  clipboard: { copyText(value: string, element?: JQuery, message?: string): void }
  comms: { subscribe(topic: string, heard: (topic: string, status: NodeStatus) => void): void }
  events: { on(event: 'nodes:add', heard: (node: EditorNode) => void): void }
  nodes: { id(): string; node(id: string): EditorNode | null }
  utils: {
    parseContextKey(key: string): { key: string }
    validateTypedProperty(value: unknown, type: string, options: object): boolean | string
  }
}

/** A node as the editor holds it. */
interface EditorNode {
  id: string
  type: string
  /** What its html file registers. */
  _def: { defaults: Record<string, { value?: unknown }> }
  _(key: string, values?: Record<string, unknown>): string
  [property: string]: unknown
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
  typedInput(options: object): JQuery
  typedInput(action: 'type'): string
  typedInput(action: 'disable', isDisabled: boolean): JQuery
  typedInput(action: 'value', value: string): JQuery
  typedInput(action: 'types', types: (string | TypedInputType)[]): JQuery
}
