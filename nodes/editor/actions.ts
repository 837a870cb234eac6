/** What each node that is told an action can do. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'mq-ack': ['ack', 'retry', 'reject', 'release', 'extend'],
  'mq-control': ['peek', 'remove', 'clear', 'pause', 'resume', 'stats'],
}
