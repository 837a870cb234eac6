/** The nodes of the package, by their types. */
export const TYPES = [
  'mqueue',
  'mq-add',
  'mq-fetch',
  'mq-consume',
  'mq-ack',
  'mq-size',
  'mq-control',
  'mq-pv-free',
] as const

/** Those that are wired into flows: all except the config node. */
export const FLOW_TYPES = TYPES.filter((type) => type !== 'mqueue')
