/** The actions of each node that has actions. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'mq-ack': ['ack', 'retry', 'reject', 'release', 'extend'],
  'mq-control': ['peek', 'remove', 'clear', 'pause', 'resume', 'stats'],
}
