import assert from 'node:assert/strict'
import { type FlowNode, NodeRed, type Options, until } from '../support/node-red.ts'
import type { Hands } from './hands.ts'

/** Tries a flow without an editor: presses buttons over HTTP and receives what an editor would receive. */
export class OverHttp implements Hands {
  #flow: FlowNode[] = []
  #nodeRed: NodeRed
  #comms: WebSocket
  readonly #debugged: { id: string; text: string }[] = []
  readonly #status = new Map<string, string>()
  readonly #read = new Map<string, number>()

  /** Starts a Node-RED that runs the flow. */
  static async start(flow: FlowNode[], options: Options = {}): Promise<OverHttp> {
    const nodeRed = await NodeRed.start({ ...options, flows: [] })
    const hands = new OverHttp(nodeRed)
    await hands.#listening()
    await hands.deploy(flow)
    return hands
  }

  private constructor(nodeRed: NodeRed) {
    this.#nodeRed = nodeRed
    this.#comms = this.#listen()
  }

  /** Has the Node-RED run another flow. */
  async deploy(flow: FlowNode[]): Promise<void> {
    this.#flow = flow
    await this.#nodeRed.deploy(flow)
  }

  get url(): string {
    return this.#nodeRed.url
  }

  get log(): string {
    return this.#nodeRed.log
  }

  async press(inject: string, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      const response = await this.#nodeRed.post(`inject/${this.#idOf('inject', inject)}`, {})
      assert.equal(response.status, 200)
    }
  }

  async next(debug: string): Promise<string> {
    const id = this.#idOf('debug', debug)
    const index = this.#read.get(id) ?? 0
    this.#read.set(id, index + 1)
    const texts = () => this.#debugged.filter((one) => one.id === id).map(({ text }) => text)
    await until(() => texts().length > index, `"${debug}" to show something`)
    return texts()[index] ?? ''
  }

  async status(debug: string): Promise<string> {
    return this.statusOf(this.#idOf('debug', debug))
  }

  /** The newest status of the node of that id; empty while it has none. */
  statusOf(id: string): string {
    return this.#status.get(id) ?? ''
  }

  /** How many messages the debug node of that name has shown. */
  shown(debug: string): number {
    const id = this.#idOf('debug', debug)
    return this.#debugged.filter((one) => one.id === id).length
  }

  async crash(): Promise<void> {
    const { userDir } = this.#nodeRed
    this.#comms.close()
    await this.#nodeRed.stop({ signal: 'SIGKILL', keep: true })
    this.#nodeRed = await NodeRed.start({ userDir })
    this.#comms = this.#listen()
    await this.#listening()
  }

  async stop(): Promise<void> {
    this.#comms.close()
    await this.#nodeRed.stop()
  }

  #idOf(type: string, name: string): string {
    const node = this.#flow.find((one) => one.type === type && one.name === name)
    assert.ok(node, `no ${type} node is called "${name}"`)
    return node.id
  }

  #listen(): WebSocket {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/comms`)
    socket.onopen = () => {
      for (const subscribe of ['debug', 'status/#']) socket.send(JSON.stringify({ subscribe }))
    }
    socket.onmessage = ({ data }) => {
      for (const { topic, data: told } of JSON.parse(data)) {
        if (topic === 'debug') this.#debugged.push({ id: told.id, text: String(told.msg) })
        else if (topic.startsWith('status/')) this.#status.set(topic.slice(7), told.text ?? '')
      }
    }
    return socket
  }

  #listening(): Promise<void> {
    return until(() => this.#comms.readyState === WebSocket.OPEN, 'the comms to open')
  }
}
