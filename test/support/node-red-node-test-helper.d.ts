/** The part of the helper that the tests use; it comes without types. */
declare module 'node-red-node-test-helper' {
  import type { Node, NodeInitializer } from 'node-red'

  interface Helper {
    init(runtimePath: string, settings?: object): void
    startServer(done: () => void): void
    stopServer(done: () => void): void
    load(nodes: NodeInitializer[], flows: object[], credentials?: object): Promise<void>
    unload(): Promise<void>
    getNode(id: string): Node
    settings(settings?: object): object
  }

  const helper: Helper
  export default helper
}
