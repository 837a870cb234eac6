/** One operation on a queue, as a trace has it. */
export interface QueueOperation {
  op: 'add' | 'fetch' | 'size' | 'pvs' | 'pvfree'
  q: string
  key?: string
  val?: string
}

/** One call of Kamailio's JSON-RPC, as a trace has it. */
export interface RpcOperation {
  op: 'rpc'
  method: 'mqueue.fetch' | 'mqueue.get_size' | 'mqueue.get_sizes'
  params: string[]
}

export type Operation = QueueOperation | RpcOperation

/** What came of an operation: a line of a trace. See record.ts for the fields. */
export type Line = QueueLine | RpcLine
export type QueueLine = QueueOperation & { rc: number; k?: string; v?: string; n: number | null }
export type RpcLine = RpcOperation & {
  result?: unknown
  error?: { code: number; message: string }
}
